#!/bin/sh
# Install what some tests need from the system, and only what is missing: LibreOffice opens our workbooks, strace shows
# the order of writes and commits, unzip and file look at what we made, MariaDB is read, Caddy and nginx stand before our
# server, browsers open the page. Without root, says which tests will be skipped.
set -u
PATH=$PATH:/usr/sbin  # where servers are, which a user's PATH may lack

install() { DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends "$@" >/dev/null; }

missing=
need() {  # need COMMAND-OR-FILE PACKAGE WHAT-FOR
    { command -v "$1" || [ -e "$1" ]; } >/dev/null && return
    missing="$missing $2"
    echo "missing: $2 ($3)"
}

need soffice libreoffice-calc-nogui "tests that open our workbooks in LibreOffice"
need strace strace "tests that watch the order of system calls"
need unzip unzip "tests that check our archives with unzip"
need curl curl "tests of what curl sees"
need file file "a test that asks what our workbooks are"
need /usr/share/i18n/locales/en_US locales "tests of PostgreSQL with a language's order"
need mariadbd mariadb-server "tests that read MySQL and MariaDB"
need caddy caddy "tests behind real proxies"
need nginx nginx-light "tests behind real proxies"
need promtool prometheus "tests of the alert rules"
need chromium chromium "tests of the page"
need firefox-esr firefox-esr "tests of the page"
need WebKitWebDriver webkit2gtk-driver "tests of the page"
need WPEWebDriver wpewebkit-driver "tests of the page"
need cog cog "tests of the page"
need Xvfb xvfb "tests of the page"
need matchbox-window-manager matchbox-window-manager "tests of the page"
need weston weston "tests of the page"

[ -z "$missing" ] && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "installing$missing"
    apt-get update -q >/dev/null
    # shellcheck disable=SC2086
    install $missing 2>/dev/null || for package in $missing; do  # all but those that this system does not have
        install "$package" || echo "could not install $package; its tests are skipped"
    done
else
    echo "their tests are skipped; to run them install:$missing"
fi
