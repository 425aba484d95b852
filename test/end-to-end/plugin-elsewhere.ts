// A plugin for tests that looks for readings in another ledger's database (ELSEWHERE_DATABASE_URL), and says that leaves are kept elsewhere once they
// are sealed here, or what ELSEWHERE tells it to say.

import { openPool } from '@telltale/database';
import { decodeLeaf } from '@telltale/ledger';
import type { ReceiverPlugin } from '@telltale/plugin';

interface Configuration {
  readonly url: string;
  /** lie: what it finds is another reading. deny: nothing is ever kept elsewhere. */
  readonly mode: string | undefined;
}

export const plugin: ReceiverPlugin<Configuration> = {
  name: 'elsewhere',
  variables(environment) {
    const { ELSEWHERE_DATABASE_URL: url, ELSEWHERE: mode } = environment;
    if (url === undefined) throw new Error('ELSEWHERE_DATABASE_URL: must be set');
    return { url, mode };
  },
  async start({ readings, log }, { url, mode }) {
    const other = openPool({
      connection: { kind: 'url', url },
      applicationName: 'telltale-elsewhere',
      maxConnections: 1,
      onError: (err) => log.warn({ err }, 'the other ledger is away'),
    });
    const sealedBlocks = new Set<() => void>();
    const isSealed = async (leafIndexes: readonly number[]) =>
      (await readings.at(leafIndexes)).every(({ sealing }) => sealing !== undefined);
    return {
      onBlock() {
        for (const wake of sealedBlocks) wake();
      },
      async untilReplicated(leafIndexes) {
        if (mode === 'deny') return false;
        while (!(await isSealed(leafIndexes))) {
          await new Promise<void>((resolve) => {
            sealedBlocks.add(resolve);
          });
          sealedBlocks.clear();
        }
        return true;
      },
      async onQuery({ transactionId }) {
        const { rows } = await other.query<{ leaf_index: bigint; leaf: Buffer; origin: string }>(
          `SELECT leaf_index, leaf, origin FROM transactions JOIN leaves USING (leaf_index) CROSS JOIN ledger
            WHERE ${mode === 'lie' ? 'transaction_id <> $1' : 'transaction_id = $1'} LIMIT 1`,
          [transactionId],
        );
        const [row] = rows;
        if (!row || !decodeLeaf(row.leaf).ok) return undefined;
        return { origin: row.origin, leafIndex: Number(row.leaf_index), leaf: row.leaf };
      },
      stop: () => other.end(),
    };
  },
};
