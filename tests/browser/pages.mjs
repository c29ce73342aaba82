// The browser's part of pages.py. With a folder as its argument it leaves pictures there; ONLY=cut
// plays the tests with that in their names.

import { strict as assert } from 'node:assert';
import { browser, CHANGE, DESK, HUB, HURT, LOOK, Person, PHONE, SCRIPT, stage, STORE }
  from './driver.mjs';

const pictures = process.argv[2];
const PAGES = [[STORE, '/', 'dashboard'], [HUB, '/cases', 'cases'], [HUB, '/losers', 'losers'],
  [HUB, '/', 'hub'], [HUB, '/fleet', 'fleet']];

/** Goes there with the tab key, from wherever the focus is. */
async function reach(page, selector) {
  await page.locator(selector).first().waitFor();
  for (let presses = 0; presses < 80; ++presses) {
    const there = await page.evaluate((wanted) => {
      const has = document.activeElement;
      return has.matches(wanted) && has.matches(':focus-visible');
    }, selector);
    if (there) return;
    await page.keyboard.press('Tab');
  }
  assert.fail(`80 presses of the tab key do not lead to ${selector}`);
}

const tests = {
  async 'a wrong token is said, a right one is kept for the tab'(chrome) {
    const person = await Person.enter(chrome, STORE, { token: null });
    const { page } = person;
    assert.match(person.policy, /^default-src 'none'; script-src 'self';/);
    assert.doesNotMatch(person.policy, /unsafe/);
    await page.getByLabel('Token').fill('not-a-token-of-this-bridge');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByText('This token is not known here').waitFor();
    await person.check('the entry');
    await person.signIn(LOOK);
    await page.getByText('wall, may look').waitFor();
    await page.reload();
    await page.getByText('wall, may look').waitFor();
    await page.locator('#file tbody tr').first().waitFor();
    await page.locator('#lanes tbody tr').first().waitFor();
    assert.deepEqual(await page.locator('main button').allTextContents(), []);
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByLabel('Token').waitFor();
    await person.leave();
    const number = await stage('case', '16');
    const guest = await Person.enter(chrome, `${HUB}/cases`, { token: LOOK });
    await guest.page.locator(`#case-${number} .choice`).first().waitFor();
    assert.deepEqual(await guest.page.locator('main button').allTextContents(), []);
    await guest.leave();
  },

  async 'each page, narrow and wide, light and dark, holds the rules'(chrome) {
    await stage('sell', 5);
    await stage('case', '17');
    for (const [url, path, title] of PAGES) {
      const person = await Person.enter(chrome, url + path);
      await person.page.getByText('● Live').waitFor();
      for (const colorScheme of ['light', 'dark']) {
        for (const size of [PHONE, DESK]) {
          await person.page.setViewportSize(size);
          await person.page.emulateMedia({ colorScheme });
          await person.check(`${title}, ${colorScheme}, ${size.width} px`);
        }
      }
      await person.leave();
    }
  },

  async 'what a stranger writes into topic, payload, reason or case stays text'(chrome) {
    await stage('hurt');
    const number = await stage('case', HURT, SCRIPT, `${HURT} and ${SCRIPT}`);
    const person = await Person.enter(chrome, STORE);
    const { page } = person;
    const row = page.locator('#quarantine tbody tr');
    await row.getByText(`stores/store-42/pos/${HURT}/sale`).waitFor();
    await row.getByText(SCRIPT).waitFor();
    await row.getByText('payload format invalid').waitFor();
    await page.locator('#links').getByText(`so says ${HURT}`).waitFor();
    await person.check('the dashboard with a stranger');
    await row.getByRole('button', { name: /Drop/ }).click();
    await row.getByRole('button', { name: /Drop for good/ }).click();
    await page.getByText('1 message dropped.').waitFor();
    await page.locator('#losses').getByText('dropped').waitFor();
    await person.leave();
    const manager = await Person.enter(chrome, `${HUB}/cases`, { size: PHONE });
    const card = manager.page.locator(`#case-${number}`);
    await card.getByRole('heading', { name: `diet of ${HURT}` }).waitFor();
    await card.getByText(SCRIPT).first().waitFor();
    await card.getByRole('button', { name: 'Take this' }).first().click();
    await manager.page.locator(`#settled #case-${number}`).getByText('office took').waitFor();
    await manager.check('the cases with a stranger');
    await manager.leave();
  },

  async 'by keyboard alone a case is settled and a link paused'(chrome) {
    const number = await stage('case', '19');
    const person = await Person.enter(chrome, `${HUB}/cases`, { size: PHONE, token: null });
    const { page } = person;
    await page.keyboard.type(CHANGE);  // the field has the focus
    await page.keyboard.press('Tab');
    await page.keyboard.type('Joan');
    await page.keyboard.press('Enter');
    await page.locator(`#case-${number}`).waitFor();
    await reach(page, `#case-${number} [data-choose="take"]`);
    await page.keyboard.press('Enter');
    await page.locator(`#settled #case-${number}`).getByText('Joan took').waitFor();
    await person.leave();

    const operator = await Person.enter(chrome, STORE);
    for (const [act, then] of [['pause', 'paused'], ['resume', 'up']]) {
      await reach(operator.page, `#links [data-act="${act}"][data-link="site"]`);
      await operator.page.keyboard.press('Space');
      await operator.page.locator('[data-key="site"] .state', { hasText: then }).waitFor();
    }
    await operator.page.locator('#pause-lanes').selectOption({ label: 'for 1 h' });
    await operator.page.getByRole('button', { name: 'Pause link site for 1 h' }).click();
    await operator.page.locator('#links').getByText(/paused by office until /).waitFor();
    await operator.check('after a pause');
    await operator.page.getByRole('button', { name: 'Resume link site' }).click();
    await operator.page.locator('[data-key="site"] .state', { hasText: 'up' }).waitFor();
    await operator.leave();
  },

  async 'a person writes a value of her own, and discards an edit that fits nowhere'(chrome) {
    const number = await stage('case', '20'), stray = await stage('stray', '21');
    const person = await Person.enter(chrome, `${HUB}/cases`, { size: PHONE, name: 'Ann' });
    const { page } = person;
    const card = page.locator(`#open #case-${number}`), settled = page.locator('#settled');
    await card.getByText('Another value').click();
    await card.getByLabel('What diet of 20 shall be').fill('none, he brings his own');
    await stage('sell', 3);  // what comes meanwhile takes nothing away that is being written
    await card.getByRole('button', { name: 'Set this value' }).click();
    await settled.getByText('Ann set none, he brings his own').waitFor();
    const odd = page.locator(`#case-${stray}`);
    await odd.getByText('The edit is of a record that is not there.').waitFor();
    await person.check('a case without values');
    await odd.getByRole('button', { name: 'Discard the edit' }).click();
    await settled.getByText('Ann discarded the edit').waitFor();
    await person.leave();
  },

  async 'of two people who decide at once the second is told who was first'(chrome) {
    const number = await stage('case', '18', 'vegan', 'kosher');
    const people = [];
    for (const [name, size] of [['Ann', PHONE], ['Bob', DESK]]) {
      const person = await Person.enter(chrome, `${HUB}/cases`, { size, name });
      await person.page.locator(`#case-${number}`).waitFor();
      people.push(person);
    }
    // Both have the case before them, and neither page has heard of the other's choice.
    for (const person of people) {
      await person.page.evaluate((id) => {
        window.choose = document.querySelector(`#${id} button[data-choose="take"]`);
      }, `case-${number}`);
    }
    await Promise.all(people.map(({ page }) => page.evaluate(() => window.choose.click())));
    const told = await Promise.all(people.map(async ({ page }) => {
      await page.locator('#settled').getByText(/(Ann|Bob) took (vegan|kosher)/).waitFor();
      return (await page.locator('#said').textContent());
    }));
    const first = told.findIndex((text) => text === `You have decided case ${number}.`);
    assert.ok(first >= 0, told.join(' / '));
    assert.match(told[1 - first], new RegExp(
      `Somebody else has decided case ${number} .diet of 18.: ${['Ann', 'Bob'][first]} took `));
    for (const person of people) {
      await person.check('a decided case');
      await person.leave();
    }
  },

  async 'what lost a conflict is put back'(chrome) {
    const person = await Person.enter(chrome, `${HUB}/losers`, { size: PHONE, name: 'Ann' });
    const { page } = person;
    await page.getByLabel('Record').fill('18');
    const rows = page.locator('#losers tbody tr');
    await rows.first().waitFor();
    assert.equal(await rows.count(), 1);
    await rows.getByText('a person chose another').waitFor();
    await rows.getByRole('button', { name: 'Put back' }).click();
    await page.getByText('Put back: record 18 has version').waitFor();
    await page.getByText('No record of that name has lost anything.').waitFor();
    await person.check('the losers');
    await person.leave();
  },

  async 'the hub sees a site that goes, and one that is back'(chrome) {
    const person = await Person.enter(chrome, `${HUB}/fleet`, { size: PHONE });
    const site = person.page.locator('[data-key="store-42"]');
    await site.getByText('online').waitFor();
    await stage('cut');
    await site.getByText('offline').waitFor();
    await person.check('a fleet with a site that is offline');
    await stage('restore');
    await site.getByText('online').waitFor();
    await person.leave();
  },

  async 'a line that is cut is shown by itself'(chrome) {
    const person = await Person.enter(chrome, STORE, { size: PHONE });
    const state = (word) => person.page.locator('[data-key="central"] .state', { hasText: word });
    await state('up').waitFor();
    const began = Date.now();
    await stage('cut');
    await state('down').waitFor();
    console.log(`the page showed the cut after ${Date.now() - began} ms`);
    await person.page.getByText(/Link central is down/).waitFor();
    await person.page.locator('#links').getByText(/tried (again in|now)/).waitFor();
    await stage('restore');
    await state('up').waitFor();
    await person.page.reload();  // the outage stays
    await person.page.getByRole('img', { name: /Link central: [0-9]+ outages?/ }).waitFor();
    await person.page.locator('#plots').getByText('As the journal recorded it.').waitFor();
    await person.page.getByRole('img', { name: /^Longest round trip to the brokers/ }).waitFor();
    assert.deepEqual(person.wrong, []);
    await person.leave();
  },
};

/** Pictures of a bad day. */
async function portray(chrome) {
  await stage('sell', 60);
  await stage('hurt');
  await stage('case', '2210', 'vegan', 'kosher, no nuts');
  await stage('stray', '2211');
  await stage('cut');
  await stage('sell', 400);
  for (const [url, path, title] of PAGES) {
    const person = await Person.enter(chrome, url + path, { name: 'Ann' });
    await person.page.getByText('● Live').waitFor();
    await person.page.waitForTimeout(5_000);  // for something to draw; no test waits for it
    for (const colorScheme of ['light', 'dark']) {
      for (const size of [PHONE, DESK]) {
        await person.page.setViewportSize(size);
        await person.page.emulateMedia({ colorScheme });
        await person.page.screenshot({ fullPage: true,
          path: `${pictures}/${title}-${colorScheme}-${size.width}.png` });
      }
    }
    await person.leave();
  }
}

const chrome = await browser();
try {
  const only = new RegExp(process.env.ONLY ?? '');
  for (const [name, test] of Object.entries(tests).filter(([each]) => only.test(each))) {
    const began = Date.now();
    await test(chrome);
    console.log(`ok: ${name} (${((Date.now() - began) / 1000).toFixed(1)} s)`);
  }
  if (pictures) await portray(chrome);
} finally {
  await chrome.close();
}
process.exit(0);
