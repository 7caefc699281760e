/** To the clipboard; browsers offer it to safe origins alone, so there is an older way too. */
export async function write(text: string): Promise<void> {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const take = (event: ClipboardEvent) => {
    event.clipboardData!.setData("text/plain", text);
    event.preventDefault();
  };
  document.addEventListener("copy", take, { once: true, capture: true });
  document.execCommand("copy");
}
