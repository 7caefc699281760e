// The page of a run: asks each second how far it is, and shows the whole page anew when that changes its state.
(() => {
  const place = document.querySelector("[data-now]");
  if (!place) return;
  const [bar, text] = [place.querySelector("progress"), place.querySelector("output")];
  let state = null;
  const look = async () => {
    try {
      const answer = await fetch(place.dataset.now, { headers: { Accept: "application/json" } });
      if (!answer.ok) throw new Error(answer.status);
      const now = await answer.json();
      if (now.ended || (state && state !== now.state)) return location.reload();
      state = now.state;
      text.textContent = now.text;
      if (now.share === null) bar.removeAttribute("value");
      else bar.value = now.share;
    } catch {
      text.textContent = "No connection to the server. Trying again…";
    }
    setTimeout(look, document.hidden ? 5000 : 1000);
  };
  look();
})();
