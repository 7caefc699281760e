/** What all parts look like. The properties come from the page (look.css) or from whoever embeds an element; light otherwise. */

import { css } from "lit";
import { controls } from "./controls";

const ground = css`
  :host {
    --ground: var(--nb-ground, #f5f6f3);
    --surface: var(--nb-surface, #ffffff);
    --sunken: var(--nb-sunken, #eef0ec);
    --ink: var(--nb-ink, #19211f);
    --quiet: var(--nb-quiet, #566260);
    --line: var(--nb-line, #dde2de);
    --edge: var(--nb-edge, #84908c);
    --accent: var(--nb-accent, #0c6a62);
    --accent-deep: var(--nb-accent-deep, #084e48);
    --on-accent: var(--nb-on-accent, #ffffff);
    --tint: var(--nb-tint, #dff1ee);
    --good: var(--nb-good, #17643a);
    --good-ground: var(--nb-good-ground, #def3e4);
    --busy: var(--nb-busy, #1c4f91);
    --busy-ground: var(--nb-busy-ground, #e0ecfb);
    --warn: var(--nb-warn, #7a4b00);
    --warn-ground: var(--nb-warn-ground, #fdf0d5);
    --bad: var(--nb-bad, #a11037);
    --bad-ground: var(--nb-bad-ground, #fde6ea);
    display: block;
    color: var(--ink);
    font: 1rem/1.5 var(--nb-font, system-ui, sans-serif);
  }
  :host([hidden]),
  [hidden] {
    display: none !important;
  }
  *,
  *::before,
  *::after {
    box-sizing: border-box;
  }
  h1,
  h2,
  h3,
  p,
  dl,
  dd,
  ol,
  ul,
  fieldset,
  figure {
    margin: 0;
    padding: 0;
    border: 0;
    min-width: 0;
  }
  ol,
  ul {
    list-style: none;
  }
  h1 {
    font-size: 1.5rem;
    line-height: 1.25;
    letter-spacing: -0.015em;
    font-weight: 650;
  }
  h2 {
    font-size: 1.0625rem;
    font-weight: 650;
  }
  h1,
  h2,
  h3 {
    text-wrap: balance;
  }
  h1,
  h2,
  h3,
  p {
    overflow-wrap: anywhere;
  }
  a {
    color: var(--accent);
    text-underline-offset: 0.18em;
  }
  .quiet {
    color: var(--quiet);
  }
  .small {
    font-size: 0.875rem;
  }
  .figure {
    font-variant-numeric: tabular-nums;
  }
  .card {
    background: var(--surface);
    border: 1px solid var(--line);
    border-radius: 0.875rem;
    padding: 1.25rem;
  }
  .row {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 0.5rem 0.75rem;
  }
  .push {
    margin-inline-start: auto;
  }
  .back {
    display: inline-flex;
    align-items: center;
    min-height: 2.75rem;
    text-decoration: none;
    font-weight: 550;
  }
  .notice {
    padding: 0.75rem 1rem;
    border-radius: 0.625rem;
    color: var(--bad);
    background: var(--bad-ground);
    overflow-wrap: anywhere;
  }
  .notice.warn {
    color: var(--warn);
    background: var(--warn-ground);
  }
  .notice.good {
    color: var(--good);
    background: var(--good-ground);
  }
  .state {
    display: inline-flex;
    align-items: center;
    gap: 0.4rem;
    padding: 0.125rem 0.625rem;
    border-radius: 1rem;
    font-size: 0.8125rem;
    font-weight: 600;
    white-space: nowrap;
    color: var(--quiet);
    background: var(--sunken);
  }
  .state.good {
    color: var(--good);
    background: var(--good-ground);
  }
  .state.busy {
    color: var(--busy);
    background: var(--busy-ground);
  }
  .state.warn {
    color: var(--warn);
    background: var(--warn-ground);
  }
  .state.bad {
    color: var(--bad);
    background: var(--bad-ground);
  }
  .scroll {
    overflow-x: auto;
    border-radius: 0.5rem;
  }
  table {
    width: 100%;
    border-collapse: collapse;
    font-size: 0.9375rem;
  }
  th {
    text-align: start;
    font-size: 0.8125rem;
    font-weight: 600;
    color: var(--quiet);
  }
  th,
  td {
    padding: 0.5rem 0.75rem 0.5rem 0;
    border-block-end: 1px solid var(--line);
    vertical-align: top;
  }
  tr:last-child > td {
    border-block-end: 0;
  }
  td.figure,
  th.figure {
    text-align: end;
    white-space: nowrap;
  }
  .visually-hidden {
    position: absolute;
    width: 1px;
    height: 1px;
    overflow: hidden;
    clip-path: inset(50%);
    white-space: nowrap;
  }
  .clamped {
    display: -webkit-box;
    overflow: hidden;
    -webkit-box-orient: vertical;
    -webkit-line-clamp: 3;
  }
  summary {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 0.25rem 0.625rem;
    min-height: 2.75rem;
    margin: -0.625rem 0;
    cursor: pointer;
    border-radius: 0.5rem;
  }
  summary::before {
    content: "";
    width: 0.5rem;
    height: 0.5rem;
    margin-inline: 0.125rem 0.25rem;
    border: solid var(--quiet);
    border-width: 0 2px 2px 0;
    transform: rotate(-45deg);
  }
  details[open] > summary::before {
    transform: rotate(45deg);
  }
  details[open] > summary {
    margin-block-end: 0.5rem;
  }
  dialog {
    padding: 1.5rem;
    color: var(--ink);
    background: var(--surface);
    border: 1px solid var(--line);
    border-radius: 1rem;
  }
  dialog::backdrop {
    background: rgb(0 0 0 / 45%);
  }
  @media (prefers-reduced-motion: reduce) {
    * {
      animation: none !important;
      transition: none !important;
    }
  }
  @media (forced-colors: active) {
    .bar > div {
      background: Highlight !important;
    }
  }
`;

export const sheet = [ground, controls];
