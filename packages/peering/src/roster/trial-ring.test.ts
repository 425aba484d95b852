// A trial ring of real nodes: a boot node with a token, and nodes that join, start again, guess, or are lied to.

import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Admission } from '../transport/admission.ts';
import { systemClock } from '../transport/clock.ts';
import { DEFAULT_LIMITS } from '../transport/limits.ts';
import type { NodeIdentity } from '../transport/node-identity.ts';
import { newIdentity } from '../transport/testing/test-nodes.ts';
import { Transport } from '../transport/transport.ts';
import { splitUpgrades } from '../transport/upgrades.ts';
import type { Address } from './address.ts';
import { BootRoster } from './boot-roster.ts';
import { MemberRoster } from './member-roster.ts';
import { openTrialRoster, signTrialRoster, trialRingId } from './trial-roster.ts';

const TOKEN = 'a token that nobody guesses';
const clock = systemClock();
const stops: (() => Promise<void>)[] = [];
let folder: string;
let warnings: string[];
const log = {
  info: (): void => undefined,
  warn: (fields: Readonly<Record<string, unknown>>, message: string): void => {
    warnings.push(`${message} ${JSON.stringify(fields)}`);
  },
};

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'telltale-roster-'));
  warnings = [];
});

afterEach(async () => {
  await Promise.all(stops.splice(0).map((stop) => stop()));
  await rm(folder, { recursive: true });
});

/** A server on a free port, or on the one that is given; its transport comes once its address is known. */
async function listen(port = 0) {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const bound = server.address();
  if (bound === null || typeof bound === 'string') throw new Error('no port');
  const address: Address = { host: '127.0.0.1', port: bound.port };
  const serve = (self: NodeIdentity, admission: Admission): Transport => {
    const limits = { ...DEFAULT_LIMITS, drainMs: 1_000 };
    const transport = new Transport({ self, admission, limits, clock, random: Math.random, log });
    splitUpgrades(server, (request, socket, head) => transport.takeUpgrade(request, socket, head));
    return transport;
  };
  const stop = async (transport: Transport): Promise<void> => {
    await transport.close();
    server.closeAllConnections();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  };
  return { address, serve, stop };
}

async function startBoot(options: { self?: NodeIdentity; port?: number } = {}) {
  const { self = newIdentity(), port } = options;
  const { address, serve, stop } = await listen(port);
  const path = join(folder, 'boot.json');
  const roster = await BootRoster.open({ self, address, token: TOKEN, ringSize: 4, path, clock, log });
  const transport = serve(self, roster.admission);
  transport.serve((from, message) => roster.handle(from, message));
  roster.start(transport);
  let stopped: Promise<void> | undefined;
  const end = (): Promise<void> => {
    stopped ??= stop(transport);
    return stopped;
  };
  stops.push(end);
  return { self, address, roster, transport, path, stop: end };
}

async function startMember(boot: Address, options: { self?: NodeIdentity; token?: string; name?: string } = {}) {
  const { self = newIdentity(), token = TOKEN, name = 'member' } = options;
  const { address, serve, stop } = await listen();
  const path = join(folder, `${name}.json`);
  const roster = await MemberRoster.open({ self, address, boot, token, path, clock, random: Math.random, log });
  const transport = serve(self, roster.admission);
  transport.serve((from, message) =>
    message.t.startsWith('roster.') ? roster.handle(from, message) : Promise.resolve({ ...message, t: 'echo' }),
  );
  roster.start(transport);
  let stopped: Promise<void> | undefined;
  const end = (): Promise<void> => {
    roster.stop();
    stopped ??= stop(transport);
    return stopped;
  };
  stops.push(end);
  return { self, address, contact: { id: self.id, ...address }, roster, transport, path, stop: end };
}

type Member = Awaited<ReturnType<typeof startMember>>;
const idsOf = (member: { roster: { current: { contacts: readonly { id: string }[] } | undefined } }): string[] =>
  (member.roster.current?.contacts.map((contact) => contact.id) ?? []).toSorted();
const until = (check: () => void): Promise<void> => vi.waitFor(check, { timeout: 30_000 });

describe('a boot node', () => {
  it('admits who has the token, and tells every member who else is there', async () => {
    const boot = await startBoot();
    const [a, b] = await Promise.all([
      startMember(boot.address, { name: 'a' }),
      startMember(boot.address, { name: 'b' }),
    ]);
    const all = [boot.self.id, a.self.id, b.self.id].toSorted();
    await until(() => expect([boot, a, b].map(idsOf)).toEqual([all, all, all]));
    expect(a.roster.current).toEqual(boot.roster.current);
    expect(boot.roster.current).toMatchObject({ r: 2, ringId: trialRingId(boot.self) });
    // Members speak with each other, though neither met the other before.
    const reply = a.transport.request(b.contact, { t: 'test.ask', body: 1 });
    await expect(reply).resolves.toEqual({ t: 'echo', body: 1 });
    expect(warnings.filter((line) => line.includes('trial rings'))).toHaveLength(1);
  });

  it('refuses a wrong token, counts it, and shows the guesser nothing', async () => {
    const boot = await startBoot();
    const guesser = await startMember(boot.address, { token: 'a token that somebody guesses' });
    await until(() => expect(boot.roster.wrongTokens).toBeGreaterThan(0));
    expect(guesser.roster.current).toBeUndefined();
    expect(idsOf(boot)).toEqual([boot.self.id]);
    const contact = { id: boot.self.id, ...boot.address };
    const get = { t: 'roster.get', body: { version: 0 } };
    await expect(guesser.transport.request(contact, get)).rejects.toMatchObject({ code: 'call-failed' });
    await expect(readFile(guesser.path)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('knows its members when it starts again, and takes no rosters from them', async () => {
    const boot = await startBoot();
    const member = await startMember(boot.address);
    const all = [boot.self.id, member.self.id].toSorted();
    await until(() => expect(idsOf(member)).toEqual(all));
    await boot.stop();
    const again = await startBoot({ self: boot.self, port: boot.address.port });
    expect(idsOf(again)).toEqual(all);
    await expect(again.roster.handle(member.self.id, { t: 'roster.update', body: { roster: null } })).rejects.toThrow(
      'no such request',
    );
  });

  it('refuses to start with a short token or with the roster of another key', async () => {
    const boot = await startBoot();
    const options = { self: newIdentity(), address: boot.address, ringSize: 2, path: boot.path, clock, log };
    await expect(BootRoster.open({ ...options, token: 'short' })).rejects.toThrow('at least 16 characters');
    await expect(BootRoster.open({ ...options, token: TOKEN })).rejects.toThrow('not a roster that this node signed');
  });
});

describe('a member', () => {
  const started = async (): Promise<{ boot: Awaited<ReturnType<typeof startBoot>>; member: Member }> => {
    const boot = await startBoot();
    const member = await startMember(boot.address);
    await until(() => expect(idsOf(member)).toHaveLength(2));
    return { boot, member };
  };

  it('knows the ring when it starts while the boot node is away, and tells it its new address later', async () => {
    const { boot, member } = await started();
    await member.stop();
    await boot.stop();
    const again = await startMember(boot.address, { self: member.self });
    expect(idsOf(again)).toHaveLength(2);
    const back = await startBoot({ self: boot.self, port: boot.address.port });
    await until(() => expect(back.roster.admission.contactOf(member.self.id)).toEqual(again.contact));
  });

  it('takes nothing from another node at the boot address, and says what to do', async () => {
    const { boot, member } = await started();
    await member.stop();
    await boot.stop();
    await rm(boot.path);
    const other = await startBoot({ port: boot.address.port });
    const again = await startMember(boot.address, { self: member.self });
    await until(() => expect(warnings.join('\n')).toContain('another key than the pinned one'));
    expect(again.roster.current?.ringId).toBe(trialRingId(boot.self));
    expect(idsOf(other)).toEqual([other.self.id]);
  });

  it('takes only newer rosters, signed by the boot node, from the boot node', async () => {
    const { boot, member } = await started();
    const before = member.roster.current;
    const nodes = [{ key: boot.self, address: boot.address }];
    const push = (from: NodeIdentity, signer: NodeIdentity, version: number) =>
      member.roster.handle(from.id, {
        t: 'roster.update',
        body: { roster: signTrialRoster(signer, { version, ringSize: 2, nodes }) },
      });
    const liar = newIdentity();
    await expect(push(boot.self, liar, Date.now() + 1_000_000)).rejects.toThrow('not signed');
    await expect(push(liar, boot.self, Date.now() + 1_000_000)).rejects.toThrow('no such request');
    await push(boot.self, boot.self, 1);
    expect(member.roster.current).toEqual(before);
    await push(boot.self, boot.self, Date.now() + 1_000_000);
    expect(idsOf(member)).toEqual([boot.self.id]);
  });

  it('says which file to remove when what it kept is damaged', async () => {
    const { member, boot } = await started();
    await member.stop();
    await writeFile(member.path, '{"boot":"AAAA","roster":null}');
    await expect(startMember(boot.address)).rejects.toThrow('remove it to trust the boot node anew');
  });
});

describe('a signed roster', () => {
  const boot = newIdentity();
  const nodes = [{ key: boot, address: { host: 'a', port: 1 } }];
  const signed = signTrialRoster(boot, { version: 7, ringSize: 4, nodes });

  it('opens as what was signed', () => {
    expect(openTrialRoster(boot, signed)).toMatchObject({ version: 7, ringSize: 4, nodes: [{ address: { port: 1 } }] });
  });

  it.each([
    ['version', { ...signed, version: 8 }],
    ['ring size', { ...signed, ring_size: 5 }],
    ['nodes', { ...signed, nodes: [] }],
    ['address', { ...signed, nodes: signed.nodes.map((node) => ({ ...node, address: 'b:1' })) }],
    ['members', { ...signed, more: 1 }],
    ['kind', 'text'],
  ])('does not open with another %s', (_name, json) => {
    expect(openTrialRoster(boot, json)).toBeUndefined();
  });
});
