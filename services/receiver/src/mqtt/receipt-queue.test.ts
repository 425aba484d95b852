// Never more answers under way than the broker allows.

import { expect, it } from 'vitest';
import { ReceiptQueue } from './receipt-queue.ts';

it('publishes as many answers at once as the broker allows, the oldest first, and says when the broker has each', async () => {
  const underWay: { answer: number; acknowledge: () => void }[] = [];
  const heard: number[] = [];
  const queue = new ReceiptQueue<number>({
    publish: (answer) => new Promise((acknowledge) => underWay.push({ answer, acknowledge })),
    limit: () => 2,
  });
  for (const answer of [1, 2, 3, 4]) void queue.add(answer).then(() => heard.push(answer));
  const published = () => underWay.map(({ answer }) => answer);
  expect(published()).toEqual([1, 2]);
  underWay[1]?.acknowledge();
  await expect.poll(published).toEqual([1, 2, 3]);
  expect(heard).toEqual([2]);
  underWay[0]?.acknowledge();
  underWay[2]?.acknowledge();
  await expect.poll(published).toEqual([1, 2, 3, 4]);
  expect(heard).toEqual([2, 1, 3]);
});
