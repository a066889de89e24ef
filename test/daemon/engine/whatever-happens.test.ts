/**
 * SEMANTICS 2 to 6 as properties: whatever happens to a run, in whatever order, rows take only legal steps,
 * the invariants hold, the run ends once jobs end, and a restart at any moment changes nothing of it.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { sendBack } from '../../../daemon/engine/advance.ts';
import {
  type Attempt,
  type AttemptState,
  type Call,
  hasEnded,
  NEXT_ATTEMPT_STATES,
  type Outcome,
  type Run,
} from '../../../daemon/engine/model.ts';
import { failed, Story, SUCCEEDED } from './four-calls.ts';

const WORKFLOWS = [
  `
name: diamond
tasks:
  A: { run: 'true', retries: { max: 1, on: [75], delay: 60s } }
  B: { run: 'true', abort: finish }
  A1: { run: 'true', needs: A, abort: { signal: USR1, grace: 30s } }
  join: { run: 'true', needs: [A1, B] }
onFailure: { run: 'true' }
onAbort: { run: 'true' }
finally: { run: 'true' }
`,
  `
name: wide
tasks:
  wide: { run: 'true', scatter: { n: [1, 2, 3, 4] }, maxParallel: 2, retries: 1 }
  each: { run: 'true', scatter: { each: wide } }
  last: { run: 'true', needs: each }
finally: { run: 'true' }
`,
];

const OUTCOMES: readonly Outcome[] = [
  SUCCEEDED,
  SUCCEEDED,
  failed(),
  failed(75),
  { cause: 'NodeFailure' },
  { cause: 'Lost', claimed: true },
  { cause: 'CancelledOutside' },
];

type Event =
  | { readonly kind: 'ends'; readonly which: number; readonly outcome: Outcome }
  | { readonly kind: 'abortCall' | 'replied' | 'sentBack' | 'requeued'; readonly which: number }
  | { readonly kind: 'abort'; readonly force: boolean }
  | { readonly kind: 'later'; readonly seconds: number }
  | { readonly kind: 'hold' | 'release' | 'record' };

const which = fc.nat(7);
const anyEvent: fc.Arbitrary<Event> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({ kind: fc.constant('ends'), which, outcome: fc.constantFrom(...OUTCOMES) }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('abortCall', 'sentBack', 'requeued'), which }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('replied'), which }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('abort'), force: fc.boolean() }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('later'), seconds: fc.constantFrom(1, 11, 90, 3_600) }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('hold', 'release', 'record') }) },
);
const anyStory = fc.record({
  source: fc.constantFrom(...WORKFLOWS),
  failureMode: fc.constantFrom('NoNewCalls' as const, 'ContinueWhilePossible' as const),
  events: fc.array(anyEvent, { maxLength: 25 }),
});

test('only legal steps, invariants after every event, and an end', () => {
  fc.assert(
    fc.property(anyStory, ({ source, failureMode, events }) => {
      const story = new Story(source, { failureMode, answers: 'when told' });
      for (const event of events) step(story, () => happen(story, event));
      endAll(story);
      expect(hasEnded(story.run)).toBe(true);
      expect(story.run.status === 'Aborted').toBe(story.run.abort !== undefined);
    }),
    { seed: 5, numRuns: 200 },
  );
});

/** The order among ready calls is not stored, so nothing here may depend on who waits for room. */
const unlimited = (source: string) => source.replace('maxParallel: 2, ', '');

test('6: a restart after any event changes nothing of the story', () => {
  fc.assert(
    fc.property(
      anyStory,
      fc.array(fc.boolean(), { maxLength: 25 }),
      ({ source, failureMode, events }, kills) => {
        const [calm, troubled] = [
          new Story(unlimited(source), { failureMode, answers: 'when told' }),
          new Story(unlimited(source), { failureMode, answers: 'when told' }),
        ];
        events.forEach((event, index) => {
          happen(calm, event);
          happen(troubled, event);
          if (kills[index] === true && !hasEnded(troubled.run)) step(troubled, () => troubled.restart());
        });
        endAll(calm);
        endAll(troubled);
        expect(troubled.statuses).toEqual(calm.statuses);
        expect(troubled.run.status).toBe(calm.run.status);
        expect(troubled.started.toSorted()).toEqual(calm.started.toSorted());
      },
    ),
    { seed: 5, numRuns: 200 },
  );
});

function happen(story: Story, event: Event): void {
  if (hasEnded(story.run)) return; // it has left memory
  const isAborting = story.run.status !== 'Running';
  switch (event.kind) {
    case 'ends':
      return withActive(story, event.which, (call) => story.ends(call, event.outcome));
    case 'abortCall':
      return abortOne(story, event.which);
    case 'replied':
      return withActive(story, event.which, (call) => {
        if (story.attempt(call).state.kind === 'submitting') story.replies(call);
      });
    case 'sentBack':
      return withActive(story, event.which, (call) => {
        sendBack(story.state, call, 'it never reached the scheduler', story.moment);
        story.goOn();
      });
    case 'requeued':
      return withActive(story, event.which, (call) => {
        const { state } = story.attempt(call);
        if (state.kind !== 'running') return;
        story.state.putAttempt({ ...story.attempt(call), state: { ...state, kind: 'queued' } });
        story.goOn();
      });
    case 'abort':
      return story.abort({ force: event.force });
    case 'later':
      return story.later(event.seconds * 1_000);
    case 'hold':
      return isAborting ? undefined : story.hold();
    case 'release':
      return story.release();
    case 'record':
      return story.recordIsWritten();
    default:
      return event satisfies never;
  }
}

function withActive(story: Story, index: number, act: (call: string) => void): void {
  const active = story.active.toSorted();
  const call = active[index % Math.max(active.length, 1)];
  if (call !== undefined) act(call);
}

function abortOne(story: Story, index: number): void {
  const open = [...story.state.calls.values()].filter((call) => call.role === 'call' && !isOver(call));
  const call = open[index % Math.max(open.length, 1)];
  if (call !== undefined) story.abort({ call: call.key });
}

/** From now on everything goes well. */
function endAll(story: Story): void {
  for (let round = 0; round < 60 && !hasEnded(story.run); round += 1) {
    if (story.run.held) step(story, () => story.release());
    for (const call of story.active.toSorted()) step(story, () => story.ends(call, SUCCEEDED));
    step(story, () => story.later(7_200_000));
    step(story, () => story.recordIsWritten());
  }
}

const NEXT_RUN: Readonly<Record<Run['status'], readonly Run['status'][]>> = {
  Submitted: ['OnHold', 'Running', 'Aborted'],
  OnHold: ['Submitted', 'Aborted'],
  Running: ['Aborting', 'ForceAborting', 'Succeeded', 'Failed', 'Aborted'],
  Aborting: ['ForceAborting', 'Aborted'],
  ForceAborting: ['Aborted'],
  Succeeded: [],
  Failed: [],
  Aborted: [],
};

/** Lets something happen, and compares what is on disk before and after. */
function step(story: Story, act: () => void): void {
  if (hasEnded(story.run)) return;
  const before = { run: story.run, calls: new Map(story.state.calls), attempts: story.rows.attemptsOf(17) };
  act();
  if (before.run.status !== story.run.status) expect(NEXT_RUN[before.run.status]).toContain(story.run.status);
  for (const call of before.calls.values()) if (isOver(call)) expect(story.call(call.key)).toEqual(call);
  for (const attempt of before.attempts) expectLegal(story, attempt);
}

/** What is sent back is submitted again, or ended, within the same step. */
function expectLegal(story: Story, before: Attempt): void {
  const after = story.rows.attempt(17, before.call, before.number);
  if (before.state.kind === 'ended') {
    expect(after).toEqual(before);
    return;
  }
  const next: readonly AttemptState['kind'][] = NEXT_ATTEMPT_STATES[before.state.kind];
  expect([before.state.kind, ...next]).toContain(after?.state.kind);
}

function isOver({ status }: Call): boolean {
  return status === 'Succeeded' || status === 'Failed' || status === 'Aborted' || status === 'Skipped';
}
