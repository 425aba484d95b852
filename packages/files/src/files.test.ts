import { mkdtemp, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { writeOnce, writeWhole } from './index.ts';

const folder = () => mkdtemp(join(tmpdir(), 'telltale-files-'));

describe('writeWhole', () => {
  it('writes the chunks in order, in folders that it makes, with the access bits that it is given', async () => {
    const parent = join(await folder(), 'a');
    const path = join(parent, 'b');
    await writeWhole({ path, chunks: ['x', Buffer.from('yz')], mode: 0o600, folderMode: 0o700 });
    expect(await readFile(path, 'utf8')).toBe('xyz');
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect((await stat(parent)).mode & 0o777).toBe(0o700);
  });

  it('puts a newer file in the place of the old one', async () => {
    const path = join(await folder(), 'file');
    await writeWhole({ path, chunks: ['a longer old text'] });
    await writeWhole({ path, chunks: ['new'] });
    expect(await readFile(path, 'utf8')).toBe('new');
  });

  it('leaves the old file, and nothing beside it, when what is to be written fails half-way', async () => {
    const parent = await folder();
    const path = join(parent, 'file');
    await writeFile(path, 'old');
    async function* broken(): AsyncGenerator<Uint8Array> {
      yield Buffer.from('half of it');
      throw new Error('the source is gone');
    }
    await expect(writeWhole({ path, chunks: broken() })).rejects.toThrow('the source is gone');
    expect(await readFile(path, 'utf8')).toBe('old');
    expect(await readdir(parent)).toEqual(['file']);
  });
});

describe('writeOnce', () => {
  it('leaves a file that is there as it is', async () => {
    const parent = await folder();
    const path = join(parent, 'key');
    await writeOnce({ path, chunks: ['first'], mode: 0o600 });
    await writeOnce({ path, chunks: ['second'], mode: 0o600 });
    expect(await readFile(path, 'utf8')).toBe('first');
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await readdir(parent)).toEqual(['key']);
  });

  it('makes one file, whole, when many write at once', async () => {
    const parent = await folder();
    const path = join(parent, 'key');
    const texts = Array.from({ length: 20 }, (_, i) => String(i).repeat(1000));
    await Promise.all(texts.map((text) => writeOnce({ path, chunks: [text] })));
    expect(texts).toContain(await readFile(path, 'utf8'));
    expect(await readdir(parent)).toEqual(['key']);
  });

  it('says what the file system says when the file cannot be written', async () => {
    const file = join(await folder(), 'file');
    await writeFile(file, '');
    await expect(writeOnce({ path: join(file, 'below'), chunks: [''] })).rejects.toThrow(/ENOTDIR|EEXIST/);
  });
});
