/** SEMANTICS 2 and 3, DESIGN fairness: which ready calls go out, under all limits, and in what order. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { dispatch, type Room, type RunQueue, type TaskQueue } from '../../../daemon/engine/dispatch.ts';

const keys = (task: string, count: number) =>
  Array.from({ length: count }, (_, index) => `${task}[${index}]`);
const task = (name: string, count: number, change: Partial<TaskQueue> = {}): TaskQueue => ({
  task: name,
  backend: 'slurm',
  priority: 0,
  room: Number.POSITIVE_INFINITY,
  calls: keys(name, count),
  ...change,
});
const run = (runId: number, ownerUid: number, ...tasks: readonly TaskQueue[]): RunQueue => ({
  runId,
  ownerUid,
  active: 0,
  tasks,
});
const room = (slots: number, change: Partial<Room> = {}): Room => ({
  perBackend: new Map([['slurm', slots]]),
  activeOfOwner: new Map(),
  maxActivePerOwner: 1_000,
  ...change,
});
const runsOf = (choices: ReturnType<typeof dispatch>) => choices.map(({ runId }) => runId);
const callsOf = (choices: ReturnType<typeof dispatch>) => choices.map(({ call }) => call);

describe('fairness', () => {
  test('between owners, however many runs one of them has', () => {
    const queues = [run(1, 1000, task('a', 9)), run(2, 1000, task('a', 9)), run(3, 2000, task('a', 9))];
    expect(runsOf(dispatch(queues, room(4)))).toEqual([1, 3, 2, 3]);
  });

  test('an owner whose jobs fill the cluster comes after one who has none', () => {
    const queues = [run(1, 1000, task('a', 9)), run(2, 2000, task('a', 9))];
    const taken = dispatch(queues, room(2, { activeOfOwner: new Map([[1000, 50]]) }));
    expect(runsOf(taken)).toEqual([2, 2]);
  });

  test('between the runs of one owner: the one with fewer jobs, then the older', () => {
    const queues = [{ ...run(1, 1000, task('a', 9)), active: 2 }, run(2, 1000, task('a', 9))];
    expect(runsOf(dispatch(queues, room(4)))).toEqual([2, 2, 1, 2]);
  });
});

describe('order inside a run', () => {
  test('the higher priority first, then the order in which calls became ready', () => {
    const queues = [run(1, 1000, task('low', 2), task('high', 2, { priority: 5 }))];
    expect(callsOf(dispatch(queues, room(9)))).toEqual(['high[0]', 'high[1]', 'low[0]', 'low[1]']);
  });

  test('a task that may not start more leaves the room to the others', () => {
    const queues = [run(1, 1000, task('high', 5, { priority: 5, room: 1 }), task('low', 5))];
    expect(callsOf(dispatch(queues, room(3)))).toEqual(['high[0]', 'low[0]', 'low[1]']);
  });

  test('a backend that takes nothing does not hold up another', () => {
    const queues = [run(1, 1000, task('here', 1, { backend: 'paused' }), task('there', 1))];
    const perBackend = new Map([
      ['paused', 0],
      ['slurm', 1],
    ]);
    expect(callsOf(dispatch(queues, room(0, { perBackend })))).toEqual(['there[0]']);
  });
});

const BACKENDS = ['slurm', 'local'] as const;
const anyTask = (name: string) =>
  fc.record({
    task: fc.constant(name),
    backend: fc.constantFrom(...BACKENDS),
    priority: fc.integer({ min: -2, max: 2 }),
    room: fc.oneof(fc.integer({ min: -1, max: 4 }), fc.constant(Number.POSITIVE_INFINITY)),
    calls: fc.integer({ min: 1, max: 8 }).map((count) => keys(name, count)),
  });
const anyQueues = fc
  .array(
    fc.record({
      ownerUid: fc.integer({ min: 1, max: 3 }),
      active: fc.integer({ min: 0, max: 5 }),
      tasks: fc.tuple(anyTask('a'), anyTask('b')),
    }),
    { maxLength: 6 },
  )
  .map((runs) => runs.map((one, index) => ({ ...one, runId: index + 1 })));
const anyRoom = fc.record({
  perBackend: fc.tuple(fc.nat(12), fc.nat(12)).map(
    ([slurm, local]) =>
      new Map<string, number>([
        ['slurm', slurm],
        ['local', local],
      ]),
  ),
  activeOfOwner: fc
    .tuple(fc.nat(6), fc.nat(6), fc.nat(6))
    .map((counts) => new Map(counts.map((count, index) => [index + 1, count]))),
  maxActivePerOwner: fc.integer({ min: 1, max: 8 }),
});

function countOf<T>(items: readonly T[], key: (item: T) => unknown): Map<unknown, number> {
  const counts = new Map<unknown, number>();
  for (const item of items) counts.set(key(item), (counts.get(key(item)) ?? 0) + 1);
  return counts;
}

describe('whatever the queues', () => {
  test('no limit is ever exceeded, and no call goes out twice', () => {
    fc.assert(
      fc.property(anyQueues, anyRoom, (queues, limits) => {
        const choices = dispatch(queues, limits);
        const ownerOf = new Map(queues.map(({ runId, ownerUid }) => [runId, ownerUid]));
        for (const [backend, count] of countOf(choices, (choice) => choice.backend))
          expect(count).toBeLessThanOrEqual(limits.perBackend.get(String(backend)) ?? 0);
        for (const [owner, count] of countOf(choices, ({ runId }) => ownerOf.get(runId)))
          expect(count + (limits.activeOfOwner.get(Number(owner)) ?? 0)).toBeLessThanOrEqual(
            limits.maxActivePerOwner,
          );
        for (const { runId, tasks } of queues)
          for (const { task: name, room: left } of tasks) {
            const sent = choices.filter((one) => one.runId === runId && one.call.startsWith(`${name}[`));
            expect(sent.length).toBeLessThanOrEqual(Math.max(0, left));
          }
        expect(new Set(choices.map(({ runId, call }) => `${runId}/${call}`)).size).toBe(choices.length);
      }),
    );
  });

  test('nothing is left that could have gone out', () => {
    fc.assert(
      fc.property(anyQueues, anyRoom, (queues, limits) => {
        const choices = dispatch(queues, limits);
        const perBackend = countOf(choices, ({ backend }) => backend);
        const owners = new Map(queues.map(({ runId, ownerUid }) => [runId, ownerUid]));
        const perOwner = countOf(choices, ({ runId }) => owners.get(runId));
        for (const { runId, ownerUid, tasks } of queues) {
          for (const { task: name, backend, room: left, calls } of tasks) {
            const sent = choices.filter(
              (one) => one.runId === runId && one.call.startsWith(`${name}[`),
            ).length;
            const reasons = [
              sent === [...calls].length,
              sent >= left,
              (perBackend.get(backend) ?? 0) >= (limits.perBackend.get(backend) ?? 0),
              (perOwner.get(ownerUid) ?? 0) + (limits.activeOfOwner.get(ownerUid) ?? 0) >=
                limits.maxActivePerOwner,
            ];
            expect(reasons).toContain(true);
          }
        }
      }),
    );
  });

  test('nobody starves: with one slot at a time, an owner waits for no more rounds than there are jobs ahead', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 30 }), fc.integer({ min: 0, max: 30 }), (crowd, ahead) => {
        const active = new Map([[1000, ahead]]);
        const queues = [run(1, 1000, task('a', crowd + ahead)), run(2, 2000, task('a', 1))];
        const [first] = dispatch(queues, room(1, { activeOfOwner: active }));
        expect(first?.runId).toBe(ahead === 0 ? 1 : 2);
        expect(runsOf(dispatch(queues, room(2, { activeOfOwner: active })))).toContain(2);
      }),
    );
  });
});
