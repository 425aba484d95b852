// The spellings of a target. node-postgres itself reads back what is written.

import pg from 'pg';
import { expect, it } from 'vitest';
import { type ConnectionTarget, clientConfig, describeTarget, targetUrl, withDatabase } from './connection-target.ts';

it('writes a socket as a URL that node-postgres reads back', () => {
  const target: ConnectionTarget = {
    kind: 'socket',
    folder: '/tmp/a b+c%',
    port: 5433,
    user: 'telltale',
    database: 'x',
  };
  const client = new pg.Client(clientConfig({ kind: 'url', url: targetUrl(target) }));
  expect(client).toMatchObject({ host: '/tmp/a b+c%', port: 5433, user: 'telltale', database: 'x' });
});

it('changes the database and nothing else', () => {
  const url = 'postgresql://me:secret@db.example:6000/one?sslmode=disable';
  expect(withDatabase({ kind: 'url', url }, 'two')).toEqual({ kind: 'url', url: url.replace('/one', '/two') });
});

it('describes a URL without its user and password', () => {
  expect(describeTarget({ kind: 'url', url: 'postgresql://me:secret@db.example:6000/one' })).toBe(
    'one at db.example:6000',
  );
});
