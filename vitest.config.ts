/**
 * Two projects: what runs anywhere, and what needs a real SLURM (`*.slurm.test.ts`), which run one file at
 * a time, because each of them looks at the whole cluster. test/run.sh decides whether SLURM answers.
 */
import { defineConfig } from 'vitest/config';

const slurm = ['test/**/*.slurm.test.ts'];

export default defineConfig({
  test: {
    maxWorkers: 2,
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: slurm,
          testTimeout: 60_000,
          hookTimeout: 60_000,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          name: 'slurm',
          include: slurm,
          testTimeout: 600_000,
          hookTimeout: 120_000,
          maxWorkers: 1,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
