// What changes, as it changes: over /v1/changes, or by asking each second where that is not to be
// had.

import { ask, get, Problem } from './api.js';

const AGAIN_MS = 1000;
const STREAM_AGAIN_MS = 30_000;  // where it is not to be had: too many listen, or a proxy is there
const PATIENCE_MS = 40_000;  // a stream says something each 15 s

/** The blank-line separated messages of a text/event-stream. @param {Response} answer */
async function* messages(answer, told) {
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    told();
    text += value.replaceAll('\r\n', '\n');
    for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
      const lines = text.slice(0, end).split('\n');
      text = text.slice(end + 2);
      const of = (field) => lines.filter((line) => line.startsWith(`${field}:`))
        .map((line) => line.slice(field.length + 1).replace(/^ /, '')).join('\n');
      if (of('data')) yield { name: of('event') || 'message', data: JSON.parse(of('data')) };
    }
  }
}

const pause = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });

/**
 * Tells `on.status`, `on.event`, `on.fleet` until the token is no more; `on.state` how it is:
 * "live", or "away" with what is wrong.
 * @param {{ status?: (status: any) => void, event?: (event: any) => void,
 *   fleet?: (fleet: any) => void, state: (state: string, why?: string) => void,
 *   refused: (problem: Problem) => void }} on
 */
export async function follow(on) {
  let streamsAfter = 0;
  for (;;) {
    const silence = new AbortController();
    let timer = 0;
    const told = () => {
      clearTimeout(timer);
      timer = setTimeout(() => silence.abort(), PATIENCE_MS);
    };
    try {
      if (Date.now() >= streamsAfter) {
        told();
        for await (const { name, data } of messages(
          await ask('/v1/changes', { signal: silence.signal }), told)) {
          on.state('live');
          on[name]?.(data);
        }
      } else {
        on.status?.(await get('/v1/status'));
        if (on.fleet) await get('/v1/fleet').then(on.fleet, () => {});
        on.state('live');
      }
    } catch (problem) {
      const status = problem instanceof Problem ? problem.status : 0;
      if (status === 401) return on.refused(problem);
      if ((status === 404 || status === 503) && Date.now() >= streamsAfter) {
        streamsAfter = Date.now() + STREAM_AGAIN_MS;
        continue;
      }
      on.state('away', problem instanceof Problem ? problem.message : 'the bridge does not answer');
    } finally {
      clearTimeout(timer);
    }
    await pause(AGAIN_MS);
  }
}
