// What a status says that somebody has to do something about, the worst first: the reading that
// `bascule status` begins with.

import { ago, counted, size, span, toMs } from './format.js';

const LATELY_MS = 24 * 3_600_000;
const OLD_S = 60;
const YEAR_S = 365.25 * 86_400;

/** @typedef {{ tone: 'bad' | 'warn' | 'calm', text: string, more?: string, href?: string, acknowledge?: string }} Finding
 *  acknowledge: a link of which a person can say that this is known */

/** Seconds until what waits in this direction has crossed; null: not known. */
export function drainedIn(status, direction) {
  const lanes = status.lanes.filter((lane) => lane.direction === direction);
  const fastest = Math.max(0, ...lanes.map((lane) => lane.drained_per_s));
  let seconds = 0;
  for (const lane of lanes) {
    const waiting = lane.backlog - lane.held;
    if (waiting <= 0) continue;
    if (fastest <= 0) return null;
    seconds += waiting / Math.max(lane.drained_per_s > 0 ? lane.drained_per_s : fastest, 0.001);
  }
  return seconds;
}

function journal({ journal }) {
  const found = [];
  if (journal.trouble) {
    found.push({ tone: 'bad', text: `The journal: ${journal.trouble}`,
      more: 'Nothing is taken in meanwhile.' });
  }
  if (journal.full) {
    found.push({ tone: 'bad', text: `The journal is full: ${size(journal.bytes)}`,
      more: `${size(journal.free_bytes)} are free on its file system.` });
  } else if (journal.free_bytes < 2 * journal.min_free_bytes) {
    found.push({ tone: 'warn', text: `The disk has ${size(journal.free_bytes)} left`,
      more: `The bridge keeps ${size(journal.min_free_bytes)} of it free.` });
  }
  const years = journal.flash?.years_left ?? null;
  if (years !== null && years < 1) {
    found.push({ tone: 'warn', text: `The flash lasts at most ${span(years * YEAR_S)} at this rate`,
      href: '#journal-title' });
  }
  return found;
}

/** What a person should know of one link. @returns {Finding[]} */
function link(name, one) {
  const found = [];
  const since = span((Date.now() - toMs(one.since)) / 1000);
  if (one.paused) {
    found.push({ tone: 'calm', text: `Link ${name} is paused by ${one.paused.by || 'a command'}`,
      more: `Since ${ago(toMs(one.paused.since))}.`, href: '#links-title' });
  } else if (one.state !== 'up') {
    found.push({ tone: one.state === 'slow' ? 'warn' : 'bad',
      text: `Link ${name} is ${one.state} for ${since}`, more: one.last_error ?? '',
      href: '#links-title' });
  }
  if (one.warning) found.push({ tone: 'warn', text: `Link ${name}: ${one.warning}` });
  if (one.forgot && !one.forgot.acknowledged && Date.now() - toMs(one.forgot.last) < LATELY_MS) {
    found.push({ tone: 'warn', text: `Link ${name}: ${one.forgot.advice}`, acknowledge: name });
  }
  return found;
}

function waiting(status) {
  const messages = status.lanes.reduce((sum, lane) => sum + lane.backlog, 0);
  const bytes = status.lanes.reduce((sum, lane) => sum + lane.backlog_bytes, 0);
  const oldest = Math.max(0, ...status.lanes.map((lane) => lane.backlog && lane.oldest_age_s));
  const found = [];
  if (messages > 0 && oldest >= OLD_S) {
    found.push({ tone: 'calm', text: `${counted(messages, 'message')} wait, ${size(bytes)}`,
      more: `The oldest for ${span(oldest)}.`, href: '#lanes-title' });
  }
  for (const lane of status.lanes) {
    const name = `Lane ${lane.name} ${lane.direction}`;
    if (lane.paused) {
      found.push({ tone: 'calm', text: `${name} is paused by ${lane.paused.by || 'a command'}`,
        href: '#lanes-title' });
    }
    if (lane.waits_for) {
      found.push({ tone: 'warn', text: `${name} waits: the broker refuses for now`,
        more: lane.waits_for });
    }
  }
  return found;
}

function refused(status) {
  const found = [];
  if (status.held.messages > 0) {
    found.push({ tone: 'warn', text: `${counted(status.held.messages, 'message')} held`,
      more: `The broker refuses ${counted(status.held.topics, 'topic')}.` });
  }
  for (const route of status.routes) {
    if (route.state !== 'refused' && route.state !== 'unanswered') continue;
    found.push({ tone: 'bad', text: `Route ${route.name}: its subscription is ${route.state}`,
      more: route.why ?? route.filter });
  }
  for (const orphan of status.orphans) found.push({ tone: 'warn', text: orphan.advice });
  if (status.quarantine.messages > 0) {
    found.push({ tone: 'warn', text: `${counted(status.quarantine.messages, 'message')} in quarantine`,
      href: '#quarantine-title' });
  }
  return found;
}

function people(status) {
  const found = [];
  if (status.losses.messages > 0) {
    const last = toMs(status.losses.last);
    found.push({ tone: Date.now() - last < LATELY_MS ? 'bad' : 'calm',
      text: `${counted(status.losses.messages, 'message')} lost so far`,
      more: `The last ${ago(last)}.`, href: '#losses-title' });
  }
  if (status.cases.open > 0) {
    found.push({ tone: 'warn', text: `${counted(status.cases.open, 'case')} for a person`,
      more: 'Settle it on the cases page.', href: '/cases' });
  }
  for (const policy of status.policies) {
    if (policy.waits_for) {
      found.push({ tone: 'warn', text: `Policy ${policy.name} waits`, more: policy.waits_for });
    }
  }
  return found;
}

/** @returns {Finding[]} the worst first */
export function findings(status) {
  const found = [...journal(status),
    ...Object.entries(status.links).flatMap(([name, one]) => link(name, one)),
    ...refused(status), ...people(status), ...waiting(status)];
  const order = ['bad', 'warn', 'calm'];
  return found.sort((one, other) => order.indexOf(one.tone) - order.indexOf(other.tone));
}
