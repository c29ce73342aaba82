// Small plots and timelines. Each has a text for who does not see it, and a readout for who points
// at it.

import { el, svg } from './dom.js';
import { moment, span } from './format.js';

const HEIGHT = 100;
const WIDTH = 1000;
const TALL = { down: 20, slow: 17, up: 13, paused: 6 };

/** @typedef {{ name: string, values: (number | null)[] }} Series one value a step */

/** The stretches without a gap, as the points of polylines. */
function stretches(values, most) {
  const found = [];
  let points = [];
  values.forEach((value, place) => {
    if (value === null) {
      if (points.length > 0) found.push(points);
      points = [];
      return;
    }
    const x = values.length < 2 ? WIDTH : place / (values.length - 1) * WIDTH;
    const y = HEIGHT - 4 - value / most * (HEIGHT - 8);
    points.push(`${x.toFixed(1)},${y.toFixed(1)}`);
    if (points.length === 1 && (values[place + 1] ?? null) === null) {
      points.push(`${(x > WIDTH / 2 ? x - 4 : x + 4).toFixed(1)},${y.toFixed(1)}`);  // a lone point is seen, too
    }
  });
  if (points.length > 0) found.push(points);
  return found;
}

function inWords(series, text) {
  return series.map(({ name, values }) => {
    const known = values.filter((value) => value !== null);
    return known.length === 0 ? `${name}: nothing recorded`
      : `${name}: now ${text(known.at(-1))}, at most ${text(Math.max(...known))}`;
  }).join('; ');
}

/**
 * @param {string} title
 * @param {Series[]} series two at the most
 * @param {{ from: number, until: number, text: (value: number) => string }} about ms
 */
export function plot(title, series, { from, until, text }) {
  const most = Math.max(0, ...series.flatMap(({ values }) => values.map((value) => value ?? 0)));
  const words = inWords(series, text);
  return el('figure', { class: 'plot', 'data-key': title, 'data-plot': JSON.stringify({ from, until,
    series: series.map(({ name, values }) => [name, values.map((value) =>
      (value === null ? null : text(value)))]) }) },
  el('figcaption', { class: 'row spread' }, el('h3', {}, title),
    el('span', { class: 'legend' }, series.map(({ name }, place) => el('span', {},
      svg('svg', { 'aria-hidden': 'true', viewBox: '0 0 14 10' }, svg('line', {
        class: `series-${place + 1}`, x1: 0, x2: 14, y1: 5, y2: 5, 'stroke-width': 2.5 })), name)))),
  svg('svg', { class: 'drawing', viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: 'none',
    role: 'img', 'aria-label': `${title}. ${words}` },
  [25, 50, 75].map((y) => svg('line', { class: 'grid', x1: 0, x2: WIDTH, y1: y, y2: y })),
  series.flatMap(({ values }, place) => stretches(values, most || 1).map((points) =>
    svg('polyline', { class: `series-${place + 1}`, points: points.join(' ') }))),
  svg('line', { class: 'cursor', y1: 0, y2: HEIGHT, x1: -9, x2: -9 })),
  el('div', { class: 'scale' }, el('span', {}, moment(from)), el('span', {}, `top ${text(most)}`),
    el('span', {}, moment(until))),
  el('p', { class: 'readout', 'aria-hidden': 'true' }, words));
}

/** What is under the pointer. @param {PointerEvent} event */
export function readOut(event) {
  const drawing = /** @type {Element} */ (event.target).closest('.plot .drawing');
  const figure = /** @type {HTMLElement | null} */ (drawing?.closest('.plot') ?? null);
  if (!drawing || !figure) return;
  const { from, until, series } = JSON.parse(figure.dataset.plot ?? '{}');
  const box = drawing.getBoundingClientRect();
  const part = Math.min(1, Math.max(0, (event.clientX - box.left) / box.width));
  const cursor = drawing.querySelector('.cursor');
  cursor?.setAttribute('x1', String(part * WIDTH));
  cursor?.setAttribute('x2', String(part * WIDTH));
  const readout = figure.querySelector('.readout');
  if (!readout) return;
  readout.textContent = `${moment(from + part * (until - from))}: ${series.map(([name, values]) =>
    `${name} ${values[Math.round(part * (values.length - 1))] ?? 'not recorded'}`).join(', ')}`;
}

/**
 * When something was in which state.
 * @param {string} name
 * @param {{ from: number, until: number, state: string }[]} stretches
 * @param {number} from @param {number} until ms
 */
export function timeline(name, stretches, from, until) {
  const x = (ms) => Math.max(0, Math.min(WIDTH, (ms - from) / (until - from) * WIDTH));
  const outages = stretches.filter(({ state }) => state === 'down');
  const spent = (which) => stretches.filter(({ state }) => state === which)
    .reduce((sum, one) => sum + one.until - one.from, 0);
  const besides = ['slow', 'paused'].filter((state) => spent(state) > 0)
    .map((state) => `; ${state} for ${span(spent(state) / 1000)}`).join('');
  const words = (outages.length === 0 ? `no outage in ${span((until - from) / 1000)}`
    : `${outages.length === 1 ? '1 outage' : `${outages.length} outages`}, ` +
      `${span(spent('down') / 1000)} in all, the last ${moment(outages.at(-1).from)}`) + besides;
  return [
    svg('svg', { viewBox: `0 0 ${WIDTH} 20`, preserveAspectRatio: 'none', role: 'img',
      'aria-label': `Link ${name}: ${words}` },
    stretches.map(({ from: began, until: ended, state }) => {
      const part = { x: x(began).toFixed(2), width: Math.max(1.5, x(ended) - x(began)).toFixed(2) };
      const tall = TALL[state] ?? TALL.up;  // not by colour alone
      return svg('rect', { class: state, ...part, y: 20 - tall, height: tall }, svg('title', {},
        `${state} ${moment(began)} to ${moment(ended)}, ${span((ended - began) / 1000)}`));
    })),
    el('div', { class: 'scale' }, el('span', {}, moment(from)), el('span', {}, words),
      el('span', {}, 'now'))];
}
