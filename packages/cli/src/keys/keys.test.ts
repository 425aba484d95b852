// keygen, invite, enrol, rotate, revoke, export, prove and watch as processes, against a real receiver in strict mode.

import { createPrivateKey, sign } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { createTestDatabase, type TestDatabase } from '@telltale/database/testing';
import { parsePublicKeyPem, readingTransactionId, toHex, utf8 } from '@telltale/ledger';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { type ReceiverProcess, spawnReceiver } from '../../../../services/receiver/src/testing/receiver-process.ts';
import { targetUrl } from '../../../database/src/connection-target.ts';
import { useHomeFolder } from '../testing/home-folder.ts';
import { runCli } from '../testing/run-cli.ts';

const ADMIN_TOKEN = 'administrator-of-this-test';
const ORIGIN = 'test.example/keys';
const home = useHomeFolder();
let database: TestDatabase;
let receiver: ReceiverProcess;
beforeAll(async () => {
  database = await createTestDatabase(inject('testServer'));
  const variables = {
    DATA_DIR: join(home.path, 'data'),
    DATABASE_URL: targetUrl(database.target),
    LEDGER_ORIGIN: ORIGIN,
    ENROLLMENT_TOKEN: 'token-of-this-test',
    ADMIN_TOKEN,
  };
  receiver = await spawnReceiver({ cwd: home.path, variables });
});
afterAll(async () => {
  await receiver?.stop();
  await database?.drop();
});

const run = (args: readonly string[], variables: Record<string, string> = {}) =>
  runCli(args, { home: home.path, variables });
const done = async (args: readonly string[], variables: Record<string, string> = {}) => {
  const { code, stdout, stderr } = await run([...args, '--json'], variables);
  expect(stderr).toBe('');
  expect(code).toBe(0);
  return JSON.parse(stdout);
};
const verifierKey = async () => {
  const answer: { verifier_key: string } = await (await fetch(`${receiver.url}/v1/ledger`)).json();
  return answer.verifier_key;
};

/** Posts one reading signed by the key in a file; gives status and transaction id. */
async function post(keyFile: string, message: string): Promise<{ status: number; transactionId: string }> {
  const signature = sign(null, Buffer.from(message), createPrivateKey(await readFile(keyFile)));
  const publicKey = await readFile(`${keyFile}.pub`, 'utf8');
  const key = parsePublicKeyPem(publicKey);
  if (!key.ok) throw new Error(key.message);
  const rest = JSON.stringify({ signature: signature.toString('base64'), public_key: publicKey }).slice(1);
  const answer = await fetch(`${receiver.url}/receive_data`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: `{"data":${message},${rest}`,
  });
  const transactionId = toHex(readingTransactionId({ keyId: key.value.keyId, message: utf8(message) }));
  return { status: answer.status, transactionId };
}

describe('telltale keygen', () => {
  it.each(['ed25519', 'ecdsa-p256', 'rsa-pss'])(
    'makes an %s key that only its owner may read, and never over another',
    async (algorithm) => {
      const file = join(home.path, `${algorithm}.pem`);
      const made = await done(['keygen', file, '--algorithm', algorithm]);
      const { mode } = await stat(file);
      expect((mode & 0o777).toString(8)).toBe('600');
      const key = parsePublicKeyPem(await readFile(`${file}.pub`, 'utf8'));
      if (!key.ok) throw new Error(key.message);
      expect(made).toMatchObject({ algorithm, key_id: toHex(key.value.keyId) });
      const before = await readFile(file, 'utf8');
      const again = await run(['keygen', file]);
      expect(again.code).toBe(2);
      expect(again.stderr).toContain('is there already');
      expect(await readFile(file, 'utf8')).toBe(before);
    },
  );

  it('prints the verifier key of a ledger', async () => {
    const { verifier_key: verifier } = await done(['keygen', join(home.path, 'ledger.pem'), '--origin', 'new.example']);
    expect(verifier).toMatch(/^new\.example\+[0-9a-f]{8}\+/);
  });
});

describe('a key of a strict ledger', () => {
  it('is invited, enrolled, rotated and revoked, and its readings are exported and proved', async () => {
    const [first, second] = [join(home.path, 'first.pem'), join(home.path, 'second.pem')];
    await done(['keygen', first]);
    await done(['keygen', second]);
    const key = await verifierKey();
    const at = ['--url', receiver.url, '--key', key];

    const { token } = await done(['invite', '--url', receiver.url, '--device', 'pump'], { ADMIN_TOKEN });
    const enrol = ['enrol', ...at, '--key-file', first, '--device', 'pump'];
    expect(await done(enrol, { ENROLLMENT_TOKEN: token })).toMatchObject({ origin: ORIGIN });
    // One-time.
    const again = await run(enrol, { ENROLLMENT_TOKEN: token });
    expect(again.code).toBe(2);
    expect(again.stderr).toContain('403');
    const { status, transactionId } = await post(first, '{"device":"pump","seq":1}');
    expect(status).toBe(200);

    const rotated = await done(['rotate', ...at, '--key-file', first, '--new-key-file', second]);
    expect(rotated).toMatchObject({ devices: ['pump'], revoked_leaf: rotated.leaf_index + 1 });
    expect((await post(first, '{"device":"pump","seq":2}')).status).toBe(403);
    expect((await post(second, '{"device":"pump","seq":2}')).status).toBe(200);

    const self = ['revoke', ...at, '--key-file', second, '--reason', 'sold'];
    expect(await done(self)).toMatchObject({ key_id: rotated.key_id });
    expect((await post(second, '{"device":"pump","seq":3}')).status).toBe(403);
    expect((await run(self)).code).toBe(2);

    const proof = join(home.path, 'pump.tlog-proof');
    const deadline = Date.now() + 30_000;
    while ((await run(['prove', transactionId, '--url', receiver.url, '--output', proof])).code !== 0) {
      if (Date.now() > deadline) throw new Error('the reading was not sealed in time');
      await wait(100);
    }
    const { stdout } = await run(['check-proof', proof, '--key', key]);
    expect(stdout).toContain('SOUND. This reading of device "pump" is sealed');

    const file = join(home.path, 'export.jsonl');
    expect((await run(['export', receiver.url, file])).code).toBe(0);
    expect((await run(['verify', file, '--key', key])).code).toBe(0);
    expect((await run(['verify', receiver.url, '--key', key])).code).toBe(0);
    expect((await run(['watch', receiver.url, '--once', '--key', key])).code).toBe(0);
  });

  it('is revoked by an administrator alone', async () => {
    const file = join(home.path, 'third.pem');
    const { key_id: keyId } = await done(['keygen', file]);
    const enrol = ['enrol', '--url', receiver.url, '--key-file', file, '--device', 'valve'];
    await done(enrol, { ENROLLMENT_TOKEN: 'token-of-this-test' });
    const revoke = ['revoke', keyId, '--url', receiver.url, '--reason', 'stolen'];
    expect((await run(revoke)).stderr).toContain('set ADMIN_TOKEN');
    expect((await run(revoke, { ADMIN_TOKEN: 'a-guess' })).stderr).toContain('401');
    await done([...revoke, '--admin-token-file', await home.write('admin-token', `${ADMIN_TOKEN}\n`)]);
  });

  it('signs nothing for a ledger that the user did not name', async () => {
    const file = join(home.path, 'fourth.pem');
    await done(['keygen', file]);
    const other = (await done(['keygen', join(home.path, 'other-ledger.pem'), '--origin', ORIGIN])).verifier_key;
    const { code, stderr } = await run(['enrol', '--url', receiver.url, '--key-file', file, '--key', other], {
      ENROLLMENT_TOKEN: 'token-of-this-test',
    });
    expect(code).toBe(2);
    expect(stderr).toContain('nothing was signed');
  });

  it('tells that there is no such reading', async () => {
    const { code, stderr } = await run(['prove', 'ab'.repeat(32), '--url', receiver.url]);
    expect(code).toBe(2);
    expect(stderr).toContain('404');
  });
});
