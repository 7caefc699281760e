"""Sample data: leads of drivers, as a driver-onboarding product collects them. The same on every machine.

Among them is what breaks exports: emoji, quotes, line breaks, markup, text that starts like a formula,
numbers with leading zeros, phones with a plus, decimals, dates, and many nulls.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import NamedTuple, TypeAlias

ROWS = 33_407
TABLE = "driver_leads"
COLUMNS = {
    "id": "INTEGER PRIMARY KEY",
    "lead_number": "TEXT NOT NULL UNIQUE",
    "name": "TEXT NOT NULL",
    "phone": "TEXT NOT NULL",
    "email": "TEXT",
    "city": "TEXT NOT NULL",
    "country": "TEXT NOT NULL",
    "date_of_birth": "DATE",
    "vehicle": "TEXT",
    "plate": "TEXT",
    "licence_number": "TEXT",
    "licence_expires": "DATE",
    "status": "TEXT NOT NULL",
    "source": "TEXT NOT NULL",
    "notes": "TEXT",
    "rating": "DECIMAL(3,2)",
    "weekly_income": "DECIMAL(10,2)",
    "trips": "INTEGER",
    "consented": "BOOLEAN NOT NULL",
    "created_at": "DATETIME NOT NULL",
}
"""Name to declared type."""

Lead: TypeAlias = tuple[str | int | float | None, ...]


class Place(NamedTuple):
    """A country: where its people live, what they are called, and how their numbers look."""

    country: str
    prefix: str
    cities: tuple[str, ...]
    first: tuple[str, ...]
    last: tuple[str, ...]
    plate: str
    domain: str


PLACES = (
    Place(
        "GH",
        "+233",
        ("Accra", "Kumasi", "Tamale", "Sekondi-Takoradi", "Tema", "Ho"),
        ("Kwame", "Ama", "Kofi", "Akosua", "Yaw", "Abena", "Kɔjo", "Ɛsi", "Nana Yaa", "Fuseini", "Sena"),
        ("Mensah", "Owusu", "Boateng", "Asante", "Agyemang", "Amɔako", "Quaye", "Agbɛko", "Alhassan", "Dɔgbe"),
        "GR",
        "example.com.gh",
    ),
    Place(
        "NG",
        "+234",
        ("Lagos", "Ìbàdàn", "Abuja", "Port Harcourt", "Kano", "Ẹnugwu"),
        ("Adébáyọ̀", "Ngozi", "Chukwuemeka", "Fọláṣadé", "Ibrahim", "Aisha", "Olúwaṣeun", "Ifeọma", "Musa", "Tèmítọ́pẹ́"),
        ("Ọkáfọ̀", "Adéyẹmí", "Eze", "Bello", "Ògúnlànà", "Nwachukwu", "Abubakar", "Okonkwo", "Ṣówándé", "Yusuf"),
        "LAG",
        "example.ng",
    ),
    Place(
        "CI",
        "+225",
        ("Abidjan", "Bouaké", "Yamoussoukro", "San-Pédro"),
        ("Aïssatou", "Kouadio", "N'Guessan", "Adjoua", "Moussa", "Salimata", "Yao", "Désiré"),
        ("Koffi", "Traoré", "Ouattara", "Konaté", "N'Dri", "Bamba", "Kouassi", "Touré"),
        "CI",
        "exemple.ci",
    ),
    Place(
        "SN",
        "+221",
        ("Dakar", "Thiès", "Saint-Louis", "Ziguinchor"),
        ("Mamadou", "Fatou", "Ousmane", "Aminata", "Cheikh", "Ndèye", "Abdoulaye", "Sokhna"),
        ("Diop", "Ndiaye", "Fall", "Sow", "Guèye", "Bâ", "Sarr", "Mbaye"),
        "DK",
        "exemple.sn",
    ),
    Place(
        "TG",
        "+228",
        ("Lomé", "Sokodé", "Kara"),
        ("Kossi", "Afi", "Komlan", "Akouvi", "Edem", "Essi", "Yawa"),
        ("Agbodjan", "Lawson", "Amégan", "Tchalla", "d'Almeida", "Gnassingbé"),
        "TG",
        "exemple.tg",
    ),
    Place(
        "KE",
        "+254",
        ("Nairobi", "Mombasa", "Kisumu"),
        ("Wanjirũ", "Otieno", "Achieng", "Kamau", "Njeri", "Kiprop", "Zawadi"),
        ("Odhiambo", "Mwangi", "Wambũi", "Cheruiyot", "Mutua", "Ng'ang'a"),
        "KD",
        "example.ke",
    ),
    Place(
        "IN",
        "+91",
        ("Mumbai", "Pune", "বেঙ্গালুরু", "दिल्ली"),
        ("Priya", "Arjun", "सुनीता", "राजेश", "Lakshmi", "Imran", "மீனா"),
        ("Sharma", "Patel", "Iyer", "ಗೌಡ", "Khan", "D'Souza"),
        "MH",
        "example.in",
    ),
    Place(
        "BR",
        "+55",
        ("São Paulo", "Recife", "Belém"),
        ("João", "Conceição", "Thaís", "Antônio", "Luíza"),
        ("da Silva", "Araújo", "Gonçalves", "Sant'Anna", "Simões"),
        "BRA",
        "exemplo.br",
    ),
    Place(
        "PL",
        "+48",
        ("Łódź", "Gdańsk", "Kraków"),
        ("Małgorzata", "Zbigniew", "Łucja", "Paweł", "Żaneta"),
        ("Wiśniewska", "Dąbrowski", "Świątek", "Żółć", "Kowalczyk"),
        "EL",
        "example.pl",
    ),
    Place(
        "EG",
        "+20",
        ("القاهرة", "الإسكندرية", "Giza"),
        ("محمد", "فاطمة", "Youssef", "مريم", "Ḥasan"),
        ("عبد الله", "المصري", "El-Sayed", "حسن"),
        "ق",
        "example.eg",
    ),
    Place(
        "JP",
        "+81",
        ("東京", "大阪", "名古屋"),
        ("翔太", "美咲", "健一", "さくら"),
        ("佐藤", "鈴木", "髙橋", "渡邉", "𠮷田"),
        "品川",
        "example.jp",
    ),
)
# Most leads come from where the product began.
WEIGHTED = tuple(
    place for place, times in zip(PLACES, (10, 9, 5, 4, 3, 3, 2, 2, 1, 1, 1), strict=True) for _ in range(times)
)
VEHICLES = (
    "Toyota Vitz 2014",
    'Toyota Corolla 2009 "Obama"',
    "Kia Picanto 2017",
    "Hyundai Atos <2005",
    "Bajaj Boxer 150",
    "TVS King Deluxe (tricycle)",
    "Peugeot 504 break, 9 places",
    "Opel Vectra 1.8 & trailer",
    "Nissan Urvan 'Psalm 23'",
    "Honda Click 125i",
)
STATUSES = ("new", "contacted", "documents", "training", "active", "rejected", "on hold")
SOURCES = ("Referral", "Facebook & Instagram", "Radio", "Walk-in", "WhatsApp", "Partner garage", "Street team <north>")
NOTES = (
    "Called twice, no answer.",
    "Asked to be called after 6 pm 🙏",
    'Licence renewal under way; see "scan 2".',
    "Knows Tema & Ashaiman well",
    "Line 1: wants a weekly lease\nLine 2: has a guarantor\n\nLine 4: call the guarantor",
    "=cmd|' /C calc'!A0",
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "+ prefers mornings",
    "- no own phone",
    "<b>VIP</b> & <script>alert('hi')</script>",
    "Said: \"I'll come on Monday\", didn't come",
    "🚗💨 drives at night 👨‍👩‍👧‍👦",
    "C:\\scans\\licence.pdf; page 2,3",
    "Prefers; semicolons, commas, and\ttabs",
    "Préfère parler français — très ponctuel",
    "00233 is how the number was written",
)
BIRTHS, EXPIRIES, CREATIONS = date(1962, 1, 1), date(2023, 6, 1), datetime(2024, 1, 1, 6)


def leads(rows: int = ROWS) -> Iterator[Lead]:
    """That many leads, one tuple each in the order of `COLUMNS`."""
    part = Random(20_240_101).random  # noqa: S311  # sample data, the same every time
    days = [(BIRTHS + timedelta(n)).isoformat() for n in range(16_000)]
    expiries = [(EXPIRIES + timedelta(n)).isoformat() for n in range(2_400)]
    created = CREATIONS
    for number in range(1, rows + 1):
        place = WEIGHTED[int(part() * len(WEIGHTED))]
        first, last = place.first[int(part() * len(place.first))], place.last[int(part() * len(place.last))]
        local, papers, driven = int(part() * 10**9), part(), part()
        created += timedelta(seconds=int(part() * 3600))
        yield (
            number,
            f"{number:06d}",
            f"{first} {last}",
            f"{place.prefix}{local:09d}",
            f"lead{number}@{place.domain}" if part() < 0.6 else None,
            place.cities[int(part() * len(place.cities))],
            place.country,
            days[int(part() * len(days))] if papers < 0.9 else None,
            VEHICLES[int(part() * len(VEHICLES))] if papers < 0.8 else None,
            f"{place.plate} {local % 9000 + 1000}-{number % 24:02d}" if papers < 0.75 else None,
            f"{int(part() * 10**8):010d}" if papers < 0.7 else None,
            expiries[int(part() * len(expiries))] if papers < 0.7 else None,
            STATUSES[int(part() * len(STATUSES))],
            SOURCES[int(part() * len(SOURCES))],
            NOTES[int(part() * len(NOTES))] if part() < 0.35 else None,
            int(300 + part() * 201) / 100 if driven < 0.4 else None,
            int(part() * 250_000) / 100 if driven < 0.6 else None,
            int(part() * 4_000) if driven < 0.4 else 0,
            part() < 0.85,
            created.isoformat(" "),
        )


def make(path: Path, rows: int = ROWS) -> None:
    """A SQLite database at `path` (replaced if it exists) with that many leads in the table `driver_leads`."""
    path.unlink(missing_ok=True)
    columns = ", ".join(f"{name} {declared}" for name, declared in COLUMNS.items())
    marks = ", ".join("?" * len(COLUMNS))
    with closing(sqlite3.connect(path)) as database, database:
        database.execute(f"CREATE TABLE {TABLE} ({columns})")
        database.executemany(f"INSERT INTO {TABLE} VALUES ({marks})", leads(rows))  # noqa: S608  # our own constants


if __name__ == "__main__":  # python -m narrowboat.sample FILE
    import sys

    target = Path(sys.argv[1])
    target.parent.mkdir(parents=True, exist_ok=True)
    make(target)
