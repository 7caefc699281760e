/** Rows and pixels. A browser's element ends at some 17 million pixels, so very long tables scroll in proportion. */

const TALLEST = 12_000_000;

export class Scroll {
  private rows = 0;
  private view = 0;

  constructor(readonly rowHeight: number) {}

  /** rows: of the table. view: pixels of the part that is seen. */
  set(rows: number, view: number): void {
    [this.rows, this.view] = [rows, view];
  }

  /** Of the element that is scrolled. */
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
