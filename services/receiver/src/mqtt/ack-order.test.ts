// Acknowledgements in the order of arrival.

import { expect, it } from 'vitest';
import { AckOrder } from './ack-order.ts';

it('acknowledges messages in the order in which they came, whichever is done first', () => {
  const sent: number[] = [];
  const order = new AckOrder((messageId) => void sent.push(messageId));
  const [first, second, third] = [7, 9, 8].map((messageId) => order.hold(messageId));
  third?.();
  second?.();
  expect(sent).toEqual([]);
  first?.();
  expect(sent).toEqual([7, 9, 8]);
  order.hold(7)();
  expect(sent).toEqual([7, 9, 8, 7]);
});
