// The explorer in a real Chromium on a real receiver: what it shows, that it follows the chain, and that it asks nobody else.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mustAccept } from '../../services/receiver/src/testing/post-readings.ts';
import { makeDevice } from '../../services/receiver/src/testing/test-device.ts';
import { hasBrowser } from '../browser.ts';
import { type ExploredReceiver, exploreReceiver, type OpenPage } from './explored-receiver.ts';

/** Each step waits for the page, on a machine that is busy. */
const TIMEOUT_MS = 180_000;

describe.skipIf(!hasBrowser)('the explorer (needs a system Chromium)', { timeout: TIMEOUT_MS }, () => {
  let explored: ExploredReceiver;
  let open: OpenPage;
  beforeAll(async () => {
    explored = await exploreReceiver();
    open = await explored.open();
  });
  afterAll(() => explored?.close());

  const search = async (text: string) => {
    await open.page.getByRole('searchbox').fill(text);
    await open.page.getByRole('button', { name: 'Search' }).click();
  };
  const heading = (name: string | RegExp) => open.page.getByRole('heading', { level: 1, name }).waitFor();

  it('shows a block as it is sealed, without being asked', async () => {
    const { page } = open;
    await page.getByText('live', { exact: true }).waitFor();
    const [receipt] = await mustAccept(
      explored.receiver.url,
      explored.pump.envelope('{"device":"Pump 1","seq":7,"temperature":27.5}'),
      '?wait=sealed',
    );
    await page.getByRole('link', { name: `Block ${receipt?.block_index}`, exact: true }).waitFor();
    expect(await page.getByRole('link', { name: 'Pump 1' }).count()).toBe(1);
  });

  it('draws the readings of a device, and says what is missing, who speaks for it and what its clock says', async () => {
    const { page } = open;
    await open.go('#/device/Pump%201', 'Pump 1');
    await page.locator('.chart canvas').nth(1).waitFor();
    expect(await page.locator('.chart strong').allTextContents()).toEqual(['temperature', 'flow.litres']);
    expect(await page.locator('.chart').first().textContent()).toContain('last 27.5, between 20.5 and 27.5');
    // Drawn, not only there: some of its points have the colour of the line.
    const isDrawn = await page
      .locator('.chart canvas')
      .first()
      .evaluate((canvas) => {
        if (!(canvas instanceof HTMLCanvasElement)) return false;
        return canvas
          .getContext('2d')
          ?.getImageData(0, 0, canvas.width, canvas.height)
          .data.some((byte) => byte > 0);
      });
    expect(isDrawn).toBe(true);
    const facts = (await page.locator('dl').allTextContents()).join(' ');
    expect(facts).toContain('Missing1 in 1 gap');
    await page.getByText('Gaps', { exact: true }).click();
    expect(await page.locator('.gaps').textContent()).toBe('4');
    expect(await page.locator('.keys').textContent()).toContain(explored.pump.keyIdHex);
    await page.getByText('Its readings name no time.').waitFor();
  });

  it('grows the charts of a device that goes on sending', async () => {
    await mustAccept(
      explored.receiver.url,
      explored.pump.envelope('{"device":"Pump 1","seq":8,"temperature":99.5}'),
      '?wait=sealed',
    );
    await open.page.getByText('last 99.5, between 20.5 and 99.5').waitFor();
  });

  it('draws the measurements of a SenML pack at their own times, and lists them beside what was signed', async () => {
    const { page } = open;
    const pack =
      '[{"device":"Pack 3","bn":"tank/","bt":1780000000,"bu":"Cel","n":"top","v":40.5},{"n":"top","t":60,"v":41},{"n":"lid","vs":"shut"}]';
    const [receipt] = await mustAccept(explored.receiver.url, makeDevice().envelope(pack), '?wait=sealed');
    await open.go('#/device/Pack%203', 'Pack 3');
    await page.locator('.chart canvas').waitFor();
    expect(await page.locator('.chart strong').allTextContents()).toEqual(['tank/top (Cel)']);
    expect(await page.locator('.chart').textContent()).toContain('last 41, between 40.5 and 41');
    await open.go(`#/reading/${receipt?.transaction_id}`, /^Reading \d+$/);
    await page.getByText('Checked in this browser').waitFor();
    expect(await page.locator('pre.message').textContent()).toBe(pack);
    const rows = await page.locator('.measurements tbody tr').allTextContents();
    expect(rows).toEqual([
      expect.stringContaining('tank/top40.5 Cel'),
      expect.stringContaining('tank/top41 Cel'),
      expect.stringContaining('tank/lidshut Cel'),
    ]);
  });

  it('draws the proof of a reading as the way through the tree, checked here', async () => {
    const { page } = open;
    const [, receipt] = explored.receipts;
    await open.go(`#/reading/${receipt?.transaction_id}`, /^Reading \d+$/);
    await page.getByText('Checked in this browser').waitFor();
    expect(await page.locator('pre.message').textContent()).toBe(
      '{"device":"Pump 1","seq":1,"temperature":21.5,"flow":{"litres":2}}',
    );
    const nodes = await page.locator('.tree-node').allTextContents();
    expect(nodes.at(-1)).toMatch(/^root/);
    expect(nodes.some((text) => text.startsWith(`leaf ${receipt?.leaf_index}: ${receipt?.leaf_hash}`))).toBe(true);
    expect(nodes.length).toBe(2 * (await page.locator('.tree-node.way').count()) + 1);
  });

  it('shows a block with its leaves, those of the registry too, and its hash computed here', async () => {
    const { page } = open;
    await open.go('#/block/1', 'Block 1');
    await page.getByText('the header has this hash').waitFor();
    await page.getByRole('link', { name: 'Leaf 0', exact: true }).waitFor();
    const leaves = (await page.locator('.leaves').textContent()) ?? '';
    expect(leaves).toContain('key enrolled');
    expect(leaves).toContain('"seq":2');
    await page.getByRole('link', { name: 'Block 2 →' }).click();
    await heading('Block 2');
  });

  it('finds a transaction by its id, a block by its hash, a device by its name, and all that an index may mean', async () => {
    const { page } = open;
    await search(explored.receipts[0]?.transaction_id ?? '');
    await heading(`Reading ${explored.receipts[0]?.leaf_index}`);
    const { hash } = await page.evaluate(async () => (await fetch('/v1/blocks/2')).json());
    await search(hash);
    await heading('Block 2');
    await search('meter');
    await heading('Meter 2');
    await search(explored.pump.keyIdHex);
    await heading('Pump 1');
    await search('2');
    await heading('Search');
    await page.locator('.rows').getByRole('link', { name: 'Block 2' }).waitFor();
    await page.locator('.rows').getByRole('link', { name: 'Leaf 2' }).waitFor();
    await page.locator('.rows').getByRole('link', { name: 'Meter 2' }).waitFor();
    // An entry of the registry is found by its index alone.
    await search('0');
    await page.locator('.rows').getByRole('link', { name: 'Leaf 0' }).waitFor();
    await search('no such thing');
    await page.getByText('Nothing here is called').waitFor();
    await open.go('#/nowhere', 'No such page');
  });

  it('is used with the keyboard alone', async () => {
    const { page } = await explored.open();
    await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor();
    const focused = () => page.evaluate(() => document.activeElement?.textContent ?? '');
    await page.keyboard.press('Tab');
    expect(await focused()).toBe('Skip to content');
    await page.keyboard.press('Enter');
    expect(await focused()).toBe('Overview');
    await page.getByRole('link', { name: 'Devices', exact: true }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { level: 1, name: 'Devices' }).waitFor();
    await expect.poll(focused).toBe('Devices');
    await page.getByRole('searchbox').focus();
    await page.keyboard.type('Pump 1');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { level: 1, name: 'Pump 1' }).waitFor();
    await page.context().close();
  });

  it('fits a phone, and is readable in the dark as in the light', async () => {
    const pages = [
      '#/',
      '#/devices',
      '#/device/Pump%201',
      '#/block/1',
      '#/verify',
      `#/reading/${explored.receipts[0]?.transaction_id}`,
    ];
    for (const colorScheme of ['light', 'dark'] as const) {
      const phone = await explored.open({ viewport: { width: 360, height: 740 }, colorScheme });
      for (const fragment of pages) {
        await phone.go(fragment, /./);
        await phone.page.getByText('Loading …').first().waitFor({ state: 'detached' });
        const width = await phone.page.evaluate(() => document.documentElement.scrollWidth);
        expect(width, `${fragment} in ${colorScheme}`).toBeLessThanOrEqual(360);
      }
      const contrasts = await phone.page.evaluate(contrastsOfPage);
      for (const [pair, contrast] of contrasts)
        expect(contrast, `${pair} in ${colorScheme}`).toBeGreaterThanOrEqual(4.5);
      expect(phone.complaints).toEqual([]);
      await phone.page.context().close();
    }
  });

  it('asks this receiver alone, and breaks nothing of its policy', () => {
    expect(open.complaints).toEqual([]);
    expect(open.addresses.length).toBeGreaterThan(20);
    expect(open.addresses.filter((address) => !address.startsWith(`${explored.receiver.url}/`))).toEqual([]);
    expect(open.addresses.filter((address) => address.includes('/v1/ring'))).toEqual([]);
  });

  it('says when the receiver is away, and goes on by itself when it is back', async () => {
    const { page } = await explored.open();
    await page.getByText('live', { exact: true }).waitFor();
    await explored.receiver.stop();
    await page.getByText('not reachable', { exact: true }).waitFor();
    const back = await explored.startAgain();
    try {
      await page.getByText('live', { exact: true }).waitFor();
      const more = explored.pump.envelope('{"device":"Pump 1","seq":9}');
      const [receipt] = await mustAccept(back.url, more, '?wait=sealed');
      await page.getByRole('link', { name: `Block ${receipt?.block_index}`, exact: true }).waitFor();
    } finally {
      await back.stop();
    }
  });
});

describe.skipIf(!hasBrowser)(
  'the explorer of a receiver with peering (needs a system Chromium)',
  { timeout: TIMEOUT_MS },
  () => {
    let explored: ExploredReceiver;
    beforeAll(async () => {
      // 0: a block waits until it is full.
      const peering = { PEERING: '1', PEER_TOKEN: 'a-token-of-a-ring-of-one' };
      explored = await exploreReceiver({ ...peering, BLOCK_MAX_WAIT_MS: '0' });
    });
    afterAll(() => explored?.close());

    it('shows the ring of a receiver that is in one', async () => {
      const { page, complaints } = await explored.open();
      await page.getByRole('link', { name: 'Ring', exact: true }).click();
      await page.getByRole('heading', { level: 1, name: 'Ring' }).waitFor();
      await page.locator('dl').getByText(new URL(explored.receiver.url).host).waitFor();
      expect(await page.locator('.ring-self').count()).toBe(1);
      expect(complaints).toEqual([]);
    });

    it('shows a reading that is pending, and its proof as soon as it is sealed', async () => {
      const { page, go, complaints } = await explored.open();
      const envelopes = [10, 11, 12, 13].map((seq) => explored.pump.envelope(`{"device":"Pump 1","seq":${seq}}`));
      const [receipt] = await mustAccept(explored.receiver.url, envelopes[0] ?? '');
      await go(`#/reading/${receipt?.transaction_id}`, `Reading ${receipt?.leaf_index}`);
      await page.getByText('It is accepted and durable, and waits for its block.').waitFor();
      expect(await page.locator('.tree').count()).toBe(0);
      await mustAccept(explored.receiver.url, `[${envelopes.slice(1).join(',')}]`);
      await page.getByText('Checked in this browser').waitFor();
      expect(complaints).toEqual([]);
    });
  },
);

/** Contrast (WCAG 2.2) of every pair of colours that text of the page has, from its custom properties. Runs in the page. */
function contrastsOfPage(): [string, number][] {
  const style = getComputedStyle(document.documentElement);
  const luminanceOf = (name: string) => {
    const written = style.getPropertyValue(name).trim().slice(1);
    const hex = written.length === 3 ? written.replace(/./g, '$&$&') : written;
    const [red = 0, green = 0, blue = 0] = [0, 2, 4].map((at) => {
      const value = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
      return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const pairs = ['--ground', '--card'].flatMap((ground) =>
    ['--ink', '--quiet', '--accent', '--good', '--bad'].map((text) => [text, ground]),
  );
  pairs.push(
    ['--good', '--good-ground'],
    ['--bad', '--bad-ground'],
    ['--mark', '--mark-ground'],
    ['--accent-ink', '--accent'],
  );
  return pairs.map(([text = '', ground = '']) => {
    const [dark = 0, light = 0] = [luminanceOf(text), luminanceOf(ground)].sort((a, b) => a - b);
    return [`${text} on ${ground}`, (light + 0.05) / (dark + 0.05)];
  });
}
