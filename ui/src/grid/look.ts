/** What the table looks like. */

import { css } from "lit";

export const look = css`
  :host {
    display: grid;
    grid-template-rows: auto minmax(8rem, 1fr);
    height: 30rem;
  }
  .top {
    min-height: 2.25rem;
    padding-block-end: 0.375rem;
    font-size: 0.875rem;
  }
  .top button {
    min-height: 2rem;
  }
  .sorted {
    padding: 0.125rem 0.75rem;
    border-radius: 0.5rem;
    color: var(--warn);
    background: var(--warn-ground);
  }
  /* Its corners are round, and what scrolls in it is square and clear of them: WebKit clips to round corners pixel by
     pixel in every frame, which without a graphics card takes four times as long as all the rest. */
  .frame {
    display: grid;
    min-height: 0;
    padding: 3px;
    background: linear-gradient(
      var(--sunken) calc(2.25rem + 2px),
      var(--line) 0 calc(2.25rem + 3px),
      var(--surface) 0
    );
    border: 1px solid var(--line);
    border-radius: 0.625rem;
  }
  .scroller {
    position: relative;
    overflow: auto;
    font-size: 0.875rem;
    font-variant-numeric: tabular-nums;
    contain: strict;
    overflow-anchor: none;
  }
  .scroller:focus-visible {
    outline-offset: 0;
  }
  @supports selector(:has(a)) {
    .frame:has(.scroller:focus-visible) {
      outline: 3px solid var(--accent);
    }
    .scroller:focus-visible {
      outline: none;
    }
  }
  .head {
    position: sticky;
    top: 0;
    z-index: 1;
    height: 2.25rem;
    background: var(--sunken);
    border-block-end: 1px solid var(--line);
  }
  .body {
    position: relative;
    contain: size layout style;
  }
  .line {
    position: absolute;
    inset: 0 0 auto;
    height: 32px;
    contain: layout size style;
    border-block-end: 1px solid var(--line);
  }
  .line.waiting {
    color: var(--quiet);
  }
  .cell {
    position: absolute;
    top: 0;
    height: 31px;
    padding-inline: 0.625rem;
    line-height: 31px;
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
    unicode-bidi: plaintext;
    text-align: start;
    contain: strict;
    user-select: none;
    cursor: cell;
  }
  .cell.number {
    text-align: right;
  }
  .cell[aria-selected="true"] {
    background: var(--tint);
  }
  .head .cell {
    height: 2.25rem;
    line-height: 2.25rem;
    padding-inline-end: 1.25rem;
    font-weight: 600;
    cursor: pointer;
  }
  .scroller:focus .active,
  .head .cell.active:focus-visible {
    box-shadow: inset 0 0 0 2px var(--accent);
  }
  .edge {
    position: absolute;
    inset: 0 0 0 auto;
    width: 0.75rem;
    cursor: col-resize;
    touch-action: none;
  }
  .edge::after {
    content: "";
    position: absolute;
    inset: 0.5rem 0 0.5rem auto;
    border-inline-end: 1px solid var(--edge);
  }
`;
