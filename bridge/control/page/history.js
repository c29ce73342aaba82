// What was, from the journal: outages and traffic of the last days, also of before this page was
// opened. What has happened since comes with each status.

import { get } from './api.js';
import { byId, el, show } from './dom.js';
import { count, rate, span, toMs } from './format.js';
import { plot, readOut, timeline } from './plot.js';

const POINTS = 240;
const SHORTEST_MS = 600_000;  // that is drawn
const AGAIN_MS = 60_000;
const RECENT_MAX = 600;
const SPANS = [['Since opened', 0], ['1 day', 86_400], ['3 days', 3 * 86_400], ['7 days', 7 * 86_400]];

let chosen = 2;
let answer = null;
/** What the page has seen itself: ms, counters, waiting, round trips. */
const recent = [];

/** What is now, once a second. @param {any} status null: that is not known */
export function remember(status) {
  if (recent.length >= RECENT_MAX) recent.shift();
  if (!status) {
    return void recent.push({ ms: Date.now(), received: null, forwarded: null, waiting: null,
      oldest: null, site: null, central: null });
  }
  const sum = (name) => status.counters.up[name] + status.counters.down[name];
  recent.push({ ms: Date.now(), received: sum('received'), forwarded: sum('forwarded'),
    waiting: status.lanes.reduce((total, lane) => total + lane.backlog, 0),
    oldest: Math.max(0, ...status.lanes.map((lane) => (lane.backlog > 0 ? lane.oldest_age_s : 0))),
    site: status.links.site.rtt_ms, central: status.links.central?.rtt_ms ?? null });
}

/** Per second, between one look and the next. */
function speeds(name) {
  return recent.map((look, place) => {
    const before = recent[place - 1];
    if (!before || look[name] === null || before[name] === null) return null;
    if (look[name] < before[name]) return null;  // the bridge began anew
    return (look[name] - before[name]) / Math.max(0.001, (look.ms - before.ms) / 1000);
  });
}

const milliseconds = (value) => `${value.toFixed(1)} ms`;

function roundTrips() {
  const about = { from: recent[0].ms, until: recent.at(-1).ms, text: milliseconds };
  const of = (name) => ({ name, values: recent.map((look) => look[name]) });
  const hub = recent.every(({ central }) => central === null);
  const links = hub ? [of('site')] : [of('site'), of('central')];
  return plot('Round trip to the brokers', links, about);
}

function seenHere() {
  const about = { from: recent[0].ms, until: recent.at(-1).ms };
  return [
    plot('Messages a second', [{ name: 'received', values: speeds('received') },
      { name: 'crossed', values: speeds('forwarded') }], { ...about, text: rate }),
    plot('Waiting', [{ name: 'messages', values: recent.map((look) => look.waiting) }],
      { ...about, text: count }),
    plot('Oldest that waits', [{ name: 'age', values: recent.map((look) => look.oldest) }],
      { ...about, text: span })];
}

/** From when on something is recorded of what was asked for: ms. */
function begin() {
  const from = toMs(answer.from), until = toMs(answer.until);
  const links = Object.values(answer.links).map((stretches) => toMs(stretches[0]?.from ?? null));
  const values = Object.values(answer.lanes).map(({ pending }) => {
    const place = pending.findIndex((value) => value !== null);
    return place < 0 ? until : from + place * answer.step * 1000;
  });
  const first = Math.min(until - SHORTEST_MS, ...links.filter(Number.isFinite), ...values);
  return Math.max(from, first - answer.step * 1000);
}

/** How many steps of the answer are before that. */
const unrecorded = () => Math.floor((begin() - toMs(answer.from)) / 1000 / answer.step);

/** Over all lanes; null where nothing was recorded of any. */
function together(name, join) {
  const all = Object.values(answer.lanes).map((lane) => lane[name] ?? []);
  const length = Math.max(0, ...all.map((values) => values.length));
  const left = unrecorded();
  return Array.from({ length: length - left }, (_, each) => {
    const place = left + each;
    const known = all.map((values) => values[place] ?? null).filter((value) => value !== null);
    return known.length === 0 ? null : join(known);
  });
}

const sum = (values) => values.reduce((total, value) => total + value, 0);
const most = (values) => Math.max(...values);

function recorded() {
  const about = { from: begin(), until: toMs(answer.until) };
  const lost = together('lost', sum);
  const speed = (name) => together(name, sum).map((value) =>
    (value === null ? null : value / answer.step));
  return [
    plot('Messages a second', [{ name: 'received', values: speed('received') },
      { name: 'crossed', values: speed('forwarded') }], { ...about, text: rate }),
    plot('Waiting', [{ name: 'messages', values: together('pending', sum) }],
      { ...about, text: count }),
    plot('Oldest that waits', [{ name: 'age', values: together('oldest', most) }],
      { ...about, text: span }),
    lost.some((value) => value > 0) &&
      plot('Lost', [{ name: 'messages', values: lost }], { ...about, text: count }),
    plot('Longest round trip to the brokers', Object.entries(answer.round_trips ?? {}).map(
      ([name, values]) => ({ name, values: values.slice(unrecorded()) })),
    { ...about, text: milliseconds })];
}

/** Draws the plots. */
export function history() {
  if (recent.length === 0) return;
  // Who points at a plot reads it.
  if (matchMedia('(hover: hover)').matches && document.querySelector('#plots .drawing:hover')) return;
  const past = chosen > 0 && answer;
  show('plots', el('p', { class: 'hint' }, past ? 'As the journal recorded it.'
    : 'Since this page was opened.'),
  el('div', { class: 'plots' }, past ? recorded() : [...seenHere(), roundTrips()]));
}

/** The outages of a link, as far as they were recorded. @param {string} name */
export function outages(name) {
  const stretches = answer?.links[name];
  if (!stretches) return null;
  return timeline(name, stretches.map((one) => ({ from: toMs(one.from), until: toMs(one.until),
    state: one.state })), begin(), toMs(answer.until));
}

const asked = (since, until) => get('/v1/history', { since: new Date(since).toISOString(),
  until: new Date(until).toISOString(), points: POINTS });

async function look() {
  try {
    const until = Date.now();
    const since = until - (SPANS[chosen][1] || SPANS[1][1]) * 1000;
    answer = await asked(since, until);
    // A bridge that is new has little of it: that little is shown as finely as it can be.
    if (until - begin() < (until - since) / 2) answer = await asked(begin(), until);
  } catch {
    answer = null;  // it shows what it has seen itself
  }
  history();
}

/** Once, when the page begins. */
export function startHistory() {
  const select = el('select', { id: 'span' }, SPANS.map(([name], place) =>
    el('option', { value: place, selected: place === chosen }, name)));
  byId('span-choice').replaceChildren(el('label', { for: 'span' }, 'Show'), select);
  select.addEventListener('change', () => {
    chosen = Number(/** @type {HTMLSelectElement} */ (select).value);
    look();
  });
  byId('plots').addEventListener('pointermove', readOut);
  look();
  setInterval(look, AGAIN_MS);
}
