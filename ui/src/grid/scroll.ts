/** Rows and pixels. A browser's element ends at some 17 million pixels, so very long tables scroll in proportion. */

const TALLEST = 12_000_000;
const HEAD = 36; // pixels of the header, which stays
const FAR = 50; // views from which on the thumb of a scroll bar gets no smaller

export class Scroll {
  private rows = 0;
  private view = 0;
  private made = 0; // pixels that the body is tall

  constructor(readonly rowHeight: number) {}

  /** Makes the body as tall as its rows. growing: more are to come. Returns the pixels of rows that are seen. */
  fit(scroller: HTMLElement, body: HTMLElement, rows: number, growing = false): number {
    [this.rows, this.view] = [rows, Math.max(0, scroller.clientHeight - HEAD)];
    // What is taller is drawn anew, which takes WebKit as long as a frame: not where nobody can see it.
    const enough = this.made >= FAR * this.view && this.made <= this.height;
    if (growing && enough && !scroller.scrollTop) return this.view;
    if (this.made !== this.height) body.style.height = `${this.height}px`;
    this.made = this.height;
    return this.view;
  }

  /** Of the body, in pixels. */
  get height(): number {
    return Math.min(this.full, TALLEST);
  }

  /** How far into the table a scroll position is. */
  offset(scrollTop: number): number {
    const room = this.height - this.view;
    return room <= 0 ? 0 : (Math.min(Math.max(scrollTop, 0), room) / room) * (this.full - this.view);
  }

  /** The scroll position that shows a row, or the one now if it can be seen. */
  reach(row: number, scrollTop: number): number {
    const [offset, top] = [this.offset(scrollTop), row * this.rowHeight];
    if (top < offset) return this.position(top);
    const bottom = top + this.rowHeight - this.view;
    return bottom > offset ? this.position(bottom) : scrollTop;
  }

  private get full(): number {
    return this.rows * this.rowHeight;
  }

  private position(offset: number): number {
    const room = this.full - this.view;
    return room <= 0 ? 0 : (offset / room) * (this.height - this.view);
  }
}
