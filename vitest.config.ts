/**
 * One project for what runs anywhere, and one for each real scheduler (`*.slurm.test.ts`, `*.sge.test.ts`), whose
 * files run one at a time, because each of them looks at the whole cluster; and one for machines with a real systemd.
 * test/run.sh decides which of them answer.
 */
import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

const schedulers = ['slurm', 'sge', 'systemd'];
const filesOf = (scheduler: string): string => `test/**/*.${scheduler}.test.ts`;

export default defineConfig({
  test: {
    maxWorkers: 2,
    projects: [
      {
        // As the built package gives it to adapters (package.json, `exports`).
        resolve: { alias: { 'wfd/backend': join(import.meta.dirname, 'backends/for-adapters.ts') } },
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: schedulers.map(filesOf),
          testTimeout: 60_000,
          hookTimeout: 60_000,
          sequence: { groupOrder: 0 },
        },
      },
      ...schedulers.map((name, index) => ({
        test: {
          name,
          include: [filesOf(name)],
          testTimeout: 600_000,
          hookTimeout: 120_000,
          maxWorkers: 1,
          sequence: { groupOrder: index + 1 },
        },
      })),
    ],
  },
});
