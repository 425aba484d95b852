// Devices and viewers over real WebSockets.

import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { z } from 'zod';
import { until } from '../testing/until.ts';
import { ObjectChannels } from './object-channels.ts';
import { ObjectHooks } from './object-hooks.ts';
import { OBJECT_LIMITS } from './object-limits.ts';
import { type ObjectServer, objectServers } from './testing/object-server.ts';

const start = objectServers();

const statusOf = async (at: ObjectServer, id: string) => fetch(`${at.url}/object/${id}/status`);

describe('the sockets of an id', () => {
  it('show every frame of a device to all of its viewers, as text or bytes, and to nobody else', async () => {
    const at = await start();
    const [device, one, two, other] = await Promise.all([
      at.connect('/object/lamp/send'),
      at.connect('/object/lamp/viewer'),
      at.connect('/object/lamp/viewer?since=now'),
      at.connect('/object/other/viewer'),
    ]);
    const heard: unknown[] = [];
    at.hooks.on('data', ({ id, frame, isText }) => heard.push([id, Buffer.from(frame).toString('hex'), isText]));
    device.socket.send('{"on":true}');
    device.socket.send(Buffer.from([0, 255]));
    const shown = [
      { data: Buffer.from('{"on":true}'), isBinary: false },
      { data: Buffer.from([0, 255]), isBinary: true },
    ];
    await until(() => one.frames.length + two.frames.length === 4, 'both viewers have both frames');
    expect([one.frames, two.frames, other.frames, device.frames]).toEqual([shown, shown, [], []]);
    expect(heard).toEqual([
      ['lamp', Buffer.from('{"on":true}').toString('hex'), true],
      ['lamp', '00ff', false],
    ]);
  });

  it('leave their last frame for the status, also when the device has gone', async () => {
    const at = await start();
    expect((await statusOf(at, 'lamp')).status).toBe(404);
    const device = await at.connect('/object/lamp/send');
    expect(await (await statusOf(at, 'lamp')).json()).toEqual({
      id: 'lamp',
      senders: 1,
      viewers: 0,
      frames: 0,
      last: null,
    });
    device.socket.send('first');
    device.socket.send('second');
    await until(() => at.channels.counts().frames === 2, 'both frames came');
    device.socket.close();
    await until(() => at.channels.status('lamp')?.senders === 0, 'the device is gone');
    const status = await statusOf(at, 'lamp');
    expect(status.headers.get('cache-control')).toBe('no-store');
    const last = { received_at: expect.any(Number), size: 6, text: 'second' };
    expect(await status.json()).toEqual({ id: 'lamp', senders: 0, viewers: 0, frames: 2, last });
    const bytes = await at.connect('/object/lamp/send');
    bytes.socket.send(Buffer.from([1, 2]));
    await until(() => at.channels.counts().frames === 3, 'the bytes came');
    expect(await (await statusOf(at, 'lamp')).json()).toMatchObject({ last: { base64: 'AQI=', size: 2 } });
  });

  it('are forgotten, the longest silent first, when there are too many ids', async () => {
    const at = await start({ limits: { keptIds: 2 } });
    for (const [number, id] of ['one', 'two', 'one', 'three'].entries()) {
      const { socket } = await at.connect(`/object/${id}/send`);
      socket.send(id);
      await until(() => at.channels.counts().frames === number + 1, 'the frame came');
      socket.close();
      await until(() => at.channels.status(id)?.senders === 0, 'the device is gone');
    }
    expect((await statusOf(at, 'two')).status).toBe(404);
    expect((await statusOf(at, 'one')).status).toBe(200);
    expect((await statusOf(at, 'three')).status).toBe(200);
  });

  it('are refused beyond their number, of one id and of all, until others close', async () => {
    const at = await start({ limits: { socketsPerId: 2, sockets: 3 } });
    const first = await at.connect('/object/lamp/viewer');
    await at.connect('/object/lamp/send');
    await expect(at.connect('/object/lamp/viewer')).rejects.toThrow('status 503');
    await at.connect('/object/other/viewer');
    await expect(at.connect('/object/third/viewer')).rejects.toThrow('status 503');
    expect(at.channels.counts().refusedSockets).toBe(2);
    first.socket.close();
    await until(() => at.channels.status('lamp')?.viewers === 0, 'the viewer is gone');
    await at.connect('/object/lamp/viewer');
  });

  it('take frames of a device only with the token, where there is one', async () => {
    const at = await start({ token: 'secret' });
    await expect(at.connect('/object/lamp/send')).rejects.toThrow('status 401');
    await expect(at.connect('/object/lamp/send', { authorization: 'Bearer other' })).rejects.toThrow('status 401');
    await at.connect('/object/lamp/send', { authorization: 'Bearer secret' });
    await at.connect('/object/lamp/viewer');
  });

  it('close on a frame that is too long, and on any frame of a viewer', async () => {
    const at = await start({ limits: { frameBytes: 100 } });
    const [device, viewer, watcher] = await Promise.all([
      at.connect('/object/lamp/send'),
      at.connect('/object/lamp/viewer'),
      at.connect('/object/lamp/viewer'),
    ]);
    device.socket.send('x'.repeat(100));
    device.socket.send('x'.repeat(101));
    expect(await device.closed).toBe(1009);
    viewer.socket.send('hello');
    expect(await viewer.closed).toBe(1008);
    await until(() => watcher.frames.length === 1, 'the frame that fits was shown');
    expect(at.channels.counts()).toMatchObject({ frames: 1, refusedFrames: 2 });
  });

  it('drop a viewer that takes nothing, and show the others everything', async () => {
    const at = await start({ limits: { viewerBufferBytes: 256 * 1024, framesPerSecond: 100_000 } });
    const [device, slow, quick] = await Promise.all([
      at.connect('/object/lamp/send'),
      at.connect('/object/lamp/viewer'),
      at.connect('/object/lamp/viewer'),
    ]);
    slow.socket.pause();
    const frame = Buffer.alloc(64 * 1024);
    let sent = 0;
    // As many as the sockets of this machine buffer, and then some.
    while (at.channels.counts().slowViewers === 0) {
      device.socket.send(frame);
      sent += 1;
      await until(() => quick.frames.length === sent, 'the quick viewer has the frame');
      if (sent > 10_000) throw new Error('the slow viewer was never dropped');
    }
    expect(at.channels.counts().slowViewers).toBe(1);
    slow.socket.resume();
    expect(await slow.closed).toBe(1006);
    device.socket.send('last');
    await until(() => quick.frames.length === sent + 1, 'the quick viewer is still there');
  });

  it('read a device that is too fast more slowly, and lose none of its frames', async () => {
    // No time passes for the rate: three frames are too many, and each is waited for longer than the one before.
    const limits = { ...OBJECT_LIMITS, framesPerSecond: 20 };
    const hooks = new ObjectHooks((error) => expect.unreachable(String(error)));
    const channels = new ObjectChannels({ limits, hooks, nowMs: () => 0 });
    const frames: number[] = [];
    hooks.on('data', ({ frame }) => frames.push(Number(Buffer.from(frame).toString())));
    const sockets = new WebSocketServer({ host: '127.0.0.1', port: 0 });
    await once(sockets, 'listening');
    const device = new WebSocket(`ws://127.0.0.1:${(sockets.address() as AddressInfo).port}`);
    const [taken] = z
      .tuple([z.instanceof(WebSocket)])
      .rest(z.unknown())
      .parse(await once(sockets, 'connection'));
    channels.add(taken, { id: 'lamp', role: 'send' });
    await once(device, 'open');
    for (let number = 0; number < 23; number += 1) device.send(String(number));
    await until(() => taken.isPaused, 'the device is not read any more');
    await until(() => frames.length === 23, 'every frame came');
    expect(frames).toEqual(Array.from({ length: 23 }, (_, number) => number));
    await until(() => !taken.isPaused, 'the device is read again');
    await channels.stop();
    await new Promise<void>((resolve) => sockets.close(() => resolve()));
  });

  it('end when they do not answer a ping', async () => {
    const at = await start({ limits: { pingMs: 50 } });
    const [silent, lively] = await Promise.all([
      at.connect('/object/lamp/viewer', { 'x-test': 'silent' }),
      at.connect('/object/lamp/viewer'),
    ]);
    silent.socket.pause();
    await until(() => at.channels.counts().silentSockets === 1, 'the silent viewer was dropped');
    expect(at.channels.status('lamp')?.viewers).toBe(1);
    expect(lively.socket.readyState).toBe(lively.socket.OPEN);
  });

  it('are told goodbye when the server stops, also one that does not listen', async () => {
    const at = await start({ limits: { stopMs: 100 } });
    const [device, deaf] = await Promise.all([at.connect('/object/lamp/send'), at.connect('/object/lamp/viewer')]);
    deaf.socket.pause();
    await at.stop();
    expect(await device.closed).toBe(1001);
    deaf.socket.resume();
    await deaf.closed;
  });

  it('are only where they belong', async () => {
    const at = await start();
    for (const path of ['/object/lamp/status', '/object/lamp/other', '/object/a%20b/send', '/v1/ring/objects', '/']) {
      await expect(at.connect(path)).rejects.toThrow('status 404');
    }
    const plain = await fetch(`${at.url}/object/lamp/send`);
    expect(plain.status).toBe(426);
    expect(plain.headers.get('upgrade')).toBe('websocket');
    expect(await plain.json()).toMatchObject({ code: 'upgrade-required' });
    expect((await fetch(`${at.url}/object/a%20b/status`)).status).toBe(400);
    const { socket } = await at.connect('/object/lamp/send');
    socket.close();
    await once(socket, 'close');
  });

  it('leave the sockets of other plugins to them', async () => {
    const at = await start();
    const theirs = new WebSocketServer({ noServer: true });
    at.app.server.on('upgrade', (request, socket, head) => {
      if (request.url !== '/v1/theirs') return;
      // As one that looks something up first.
      setImmediate(() => theirs.handleUpgrade(request, socket, head, (taken) => taken.close(4_000)));
    });
    expect(await (await at.connect('/v1/theirs')).closed).toBe(4_000);
    const { socket } = await at.connect('/object/lamp/send');
    socket.close();
    await once(socket, 'close');
  });
});
