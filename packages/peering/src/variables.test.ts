// What peering's variables mean together, and what it says of wrong ones.

import { describe, expect, it } from 'vitest';
import { parseVariables } from './variables.ts';

const TOKEN = 'a-token-of-enough-characters';
const faultOf = (environment: Record<string, string>): string => {
  try {
    parseVariables(environment);
  } catch (error) {
    return error instanceof Error ? error.message : '';
  }
  return 'none';
};

describe('the variables of peering', () => {
  it('make a boot node of a token alone', () => {
    expect(parseVariables({ PEER_TOKEN: TOKEN })).toEqual({
      ring: { kind: 'boot', token: TOKEN, ringSize: 2 },
      token: TOKEN,
      nodeKeyFile: undefined,
      publicAddress: undefined,
    });
    expect(parseVariables({ PEER_TOKEN: TOKEN, RING_SIZE: '7' }).ring).toMatchObject({ ringSize: 7 });
  });

  it.each([
    [{ PEER_ADDR: 'boot' }, { host: 'boot', port: 5001 }],
    [
      { PEER_ADDR: 'boot', PEER_PORT: '8000' },
      { host: 'boot', port: 8000 },
    ],
    [{ PEER_ADDR: 'boot:8000' }, { host: 'boot', port: 8000 }],
    [
      { PEER_ADDR: 'boot:8000', PEER_PORT: '8000' },
      { host: 'boot', port: 8000 },
    ],
    [
      { PEER_ADDR: '::1', PEER_PORT: '8000' },
      { host: '::1', port: 8000 },
    ],
    [{ PEER_ADDR: '[::1]' }, { host: '::1', port: 5001 }],
    [{ PEER_ADDR: '[::1]:8000' }, { host: '::1', port: 8000 }],
  ])('make a member of %o', (variables, boot) => {
    expect(parseVariables({ PEER_TOKEN: TOKEN, ...variables }).ring).toEqual({ kind: 'member', token: TOKEN, boot });
  });

  it('need no token and no address beside a ROSTER file', () => {
    expect(parseVariables({ ROSTER: 'ring.json', HOST: '0.0.0.0' })).toMatchObject({
      ring: { kind: 'roster', file: 'ring.json' },
      token: undefined,
    });
  });

  it('name every wrong variable at once, in one line, and repeat no value', () => {
    const wrong = { PEER_TOKEN: 'short secret', RING_SIZE: 'many', PEER_PORT: '0', PEER_PUBLIC_ADDR: 'nowhere' };
    const fault = faultOf(wrong);
    for (const name of Object.keys(wrong)) expect(fault).toContain(`${name}: `);
    expect(fault).not.toMatch(/\n|secret|many|nowhere/);
  });

  it('name also what is missing or does not fit, and no wrong one twice', () => {
    const fault = faultOf({ RING_SIZE: '1', HOST: '0.0.0.0', PEER_PUBLIC_ADDR: 'nowhere', PEER_PORT: '8000' });
    expect(fault.split('; ').map((part) => part.split(':')[0])).toEqual([
      'PEER_PUBLIC_ADDR',
      'RING_SIZE',
      'PEER_PORT',
      'PEER_TOKEN',
    ]);
  });

  it.each([
    ['PEER_TOKEN: must be set', {}],
    ['PEER_TOKEN: must be set', { PEER_ADDR: 'boot' }],
    ['PEER_PORT: means nothing', { PEER_TOKEN: TOKEN, PEER_PORT: '8000' }],
    ['PEER_PORT: another port', { PEER_TOKEN: TOKEN, PEER_ADDR: 'boot:8000', PEER_PORT: '8001' }],
    ['PEER_ADDR: must be a host', { PEER_TOKEN: TOKEN, PEER_ADDR: 'http://boot/' }],
    ['PEER_ADDR: not beside ROSTER', { ROSTER: 'ring.json', PEER_ADDR: 'boot' }],
    ['PEER_PUBLIC_ADDR: must be set', { PEER_TOKEN: TOKEN, HOST: '0.0.0.0' }],
    ['PEER_PUBLIC_ADDR: must be set', { PEER_TOKEN: TOKEN, HOST: '::' }],
    ['PEER_PUBLIC_ADDR: must be set', { HOST: '0.0.0.0', PEER_ADDR: 'boot' }],
  ])('are refused with "%s …" for %o', (message, variables) => {
    expect(faultOf(variables)).toContain(message);
  });

  it('take an address that others can dial where HOST is every address', () => {
    const variables = { PEER_TOKEN: TOKEN, HOST: '0.0.0.0', PEER_PUBLIC_ADDR: 'receiver-1:5001' };
    expect(parseVariables(variables).publicAddress).toEqual({ host: 'receiver-1', port: 5001 });
  });
});
