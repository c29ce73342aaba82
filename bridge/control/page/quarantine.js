// What was set aside or lost, with its reason; what was set aside can be sent again, or dropped.

import { get, mayChange, post } from './api.js';
import { byId, el, show, table } from './dom.js';
import { count, counted, exactly, moment, payload, size } from './format.js';
import { say } from './shell.js';

const AT_ONCE = 20;
const PAYLOAD_BYTES = 200;

let seen = '';
/** What a second press would drop: a number, "all", or nothing. */
let armed = '';
let answer = null;

const button = (label, more, attributes) => el('button', { type: 'button', class: 'small',
  ...attributes }, label, el('span', { class: 'unseen' }, ` ${more}`));

function actions(which, more) {
  if (!mayChange()) return null;
  return el('div', { class: 'actions' },
    button('Requeue', more, { 'data-act': 'requeue', 'data-which': which }),
    button(armed === which ? 'Drop for good?' : 'Drop', more,
      { 'data-act': 'drop', 'data-which': which }));
}

function draw() {
  const { messages, total } = answer;
  if (total.messages === 0) {
    return show('quarantine', el('p', { class: 'none' }, '✓ Nothing is set aside.'));
  }
  show('quarantine',
    el('div', { class: 'row spread' },
      el('p', {}, `${counted(total.messages, 'message')}, ${size(total.bytes)}`,
        total.messages > messages.length && `; the newest ${messages.length} are shown`),
      actions('all', 'all of them')),
    table('Quarantined messages', ['Topic', 'Payload', 'Reason', 'When', 'Lane',
      { text: 'Do', hidden: true }], messages.map((one) => ({ key: `${one.number}`, cells: [
      one.topic,
      el('span', { class: 'payload mono' }, payload(one.payload_base64),
        one.bytes > PAYLOAD_BYTES && `… (${size(one.bytes)})`),
      one.reason,
      el('time', { datetime: new Date(one.at_ms).toISOString(), title: exactly(one.at_ms) },
        moment(one.at_ms)),
      `${one.lane || '(none)'} ${one.direction}`,
      actions(`${one.number}`, `message ${one.number}`)] }))));
}

async function drawLosses() {
  const { losses, more } = await get('/v1/journal/losses', { count: AT_ONCE });
  if (losses.length === 0) {
    return show('losses', el('p', { class: 'none' }, '✓ Nothing has been lost.'));
  }
  show('losses', table('Losses, newest first', ['When', { text: 'Messages', number: true }, 'Lane',
    'Reason'], losses.map((one) => ({
    key: `${one.lane}/${one.direction}/${one.first}`, cells: [
      el('time', { datetime: new Date(one.at_ms).toISOString(), title: exactly(one.at_ms) },
        moment(one.at_ms)),
      [count(one.count), el('small', {}, size(one.bytes))],
      [`${one.lane} ${one.direction}`, el('small', {}, one.first === one.last ? `number ${one.first}`
        : `numbers ${one.first} to ${one.last}`)],
      one.reason] }))),
  more && el('p', { class: 'hint' },
    `The newest ${losses.length}; bascule journal losses has more.`));
}

async function look() {
  answer = await get('/v1/journal/quarantine', { count: AT_ONCE, payload_max: PAYLOAD_BYTES });
  draw();
  await drawLosses();
}

/** All portions of it: each answer covers a bounded number. */
async function change(what, which) {
  let done = 0;
  const skipped = [];
  let query = which === 'all' ? { all: 1 } : { number: which };
  for (;;) {
    const said = await post(`/v1/journal/quarantine/${what}`, query);
    done += said.done;
    skipped.push(...said.skipped);
    if (!said.next) break;
    query = { all: 1, after: said.next.after, until: said.next.until };
  }
  const word = what === 'drop' ? 'dropped' : 'sent on their way again';
  say(`${counted(done, 'message')} ${word}.` + (skipped.length === 0 ? ''
    : ` ${counted(skipped.length, 'message')} left: ${skipped[0].why}.`),
  skipped.length === 0 ? 'good' : 'bad');
}

async function act(event) {
  const pressed = event.target.closest('button[data-act]');
  if (!pressed) return;
  const { act: what, which } = pressed.dataset;
  if (what === 'drop' && armed !== which) {
    armed = which;
    return draw();
  }
  armed = '';
  try {
    await change(what, which);
  } catch (problem) {
    say(`Not done: ${problem.message}.`, 'bad');
  }
  await look().catch(() => {});
}

/** A status has come. */
export function quarantine(status) {
  const now = JSON.stringify([status.quarantine, status.losses, status.epoch]);
  if (now === seen) return;
  seen = now;
  look().catch(() => { seen = ''; });
}

export function startQuarantine() {
  byId('quarantine').addEventListener('click', act);
}
