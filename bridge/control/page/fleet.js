// The fleet, at a hub: every site that it hears of, and who needs help.

import { get, Problem } from './api.js';
import { el, show, table } from './dom.js';
import { count, counted, exactly, moment, span, toMs } from './format.js';
import { follow } from './live.js';
import { figures, stateOf } from './sections.js';
import { liveness, name, refused, start } from './shell.js';

const TONES = { online: 'good', slow: 'warn', offline: 'bad' };

/** What the site has not said is null. @param {number | null} number */
const told = (number) => (number === null ? '–' : count(number));

/** @param {any} site of /v1/fleet */
function row(site) {
  const since = toMs(site.since);
  return { key: site.site, cells: [
    [site.site, site.version !== null && el('small', {}, `bascule ${site.version}`)],
    [stateOf(site.state, TONES[site.state]),
      el('small', {}, el('time', { title: exactly(since) }, `since ${moment(since)}`))],
    site.needs.length === 0 ? '✓ nothing'
      : el('ul', {}, site.needs.map((need) => el('li', {}, need))),
    [told(site.backlog), site.backlog > 0 && el('small', {}, `oldest ${span(site.oldest)}`)],
    told(site.lost), told(site.quarantined), told(site.cases)] };
}

/** Whether the hub hears them at all. */
function deaf(state, why) {
  return (state !== 'up' || why) && el('p', { class: 'error' },
    `What is shown may be old: the connection by which the hub hears its sites is ${state}` +
    `${why ? ` (${why})` : ''}.`);
}

function draw({ sites, refused, left_out: leftOut, state, why }) {
  if (sites.length === 0) {
    return show('fleet', deaf(state, why),
      el('p', { class: 'none' }, 'No site has said anything here yet.'));
  }
  const of = (state) => count(sites.filter((site) => site.state === state).length);
  show('fleet', deaf(state, why), el('div', { class: 'card' }, figures([
    ['Sites', count(sites.length)], ['Online', of('online')], ['Slow', of('slow')],
    ['Offline', of('offline')],
    ['Need help', count(sites.filter((site) => site.needs.length > 0).length)]])),
  el('div', { class: 'card' }, table('Sites, who needs help first', ['Site', 'State', 'Needs',
    { text: 'Waiting', number: true }, { text: 'Lost', number: true },
    { text: 'Quarantined', number: true }, { text: 'Cases', number: true }], sites.map(row))),
  refused > 0 && el('p', { class: 'hint' },
    `${counted(refused, 'message')} that no bridge would send, under bascule/, not looked at.`),
  leftOut > 0 && el('p', { class: 'hint' },
    `${counted(leftOut, 'message')} of further sites: there are too many.`));
}

start(() => {
  get('/v1/fleet').then(draw).catch((problem) => show('fleet', el('p', { class: 'none' },
    problem instanceof Problem && problem.status === 400 ? 'This bridge is no hub.'
      : `${problem.message}.`)));
  follow({ status: (status) => name(status), fleet: draw, state: liveness, refused });
});
