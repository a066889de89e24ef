/** SEMANTICS 5: every run that ends is finalized once, in order, and survives what comes between. */
import { describe, expect, test } from 'vitest';
import { sendBack } from '../../../daemon/engine/advance.ts';
import { newEvidence } from '../../../daemon/engine/evidence.ts';
import { id } from '../loop/scripted-parts.ts';
import { failed, Story, SUCCEEDED } from './four-calls.ts';

const STEPS = `
name: steps
tasks:
  A: { run: 'true' }
onFailure: { run: 'true' }
onAbort: { run: 'true' }
finally: { run: 'true' }
`;

describe('5: order', () => {
  test('succeeded: finally, then the record, then the end', () => {
    const story = new Story(STEPS);
    story.ends('A', SUCCEEDED);
    expect(story.active).toEqual(['finally']);
    expect(story.run).toMatchObject({ status: 'Running', finalization: { stage: 'finally' } });
    expect(story.state.record).toBe('none');
    story.ends('finally', SUCCEEDED);
    expect(story.state.record).toBe('wanted');
    expect(story.run.status).toBe('Running');
    story.recordIsWritten();
    expect(story.run.status).toBe('Succeeded');
    expect(story.run).not.toHaveProperty('finalization');
  });

  test('failed: onFailure, finally, record', () => {
    const story = new Story(STEPS);
    story.ends('A', failed());
    expect(story.active).toEqual(['onFailure']);
    story.ends('onFailure', SUCCEEDED);
    expect(story.active).toEqual(['finally']);
    story.ends('finally', SUCCEEDED);
    story.recordIsWritten();
    expect(story.run.status).toBe('Failed');
  });

  test('aborted: onAbort, finally, record; they are all that starts in an Aborting run', () => {
    const story = new Story(STEPS);
    story.abort();
    story.ends('A', { cause: 'AbortedByUser' });
    story.ends('onAbort', SUCCEEDED);
    story.ends('finally', SUCCEEDED);
    story.recordIsWritten();
    expect(story.started).toEqual(['A#1', 'onAbort#1', 'finally#1']);
    expect(story.run.status).toBe('Aborted');
  });

  test('nothing of it begins while a job of the run is left', () => {
    const story = new Story(STEPS);
    const { tag } = story.attempt('A');
    if (tag === undefined) throw new Error('A has no tag');
    story.state.strays.set(id('107'), { tag, evidence: newEvidence(0) });
    story.ends('A', SUCCEEDED);
    expect(story.run).not.toHaveProperty('finalization');
    story.state.strays.clear();
    story.later(1);
    expect(story.active).toEqual(['finally']);
  });
});

describe('5: steps', () => {
  test('one that fails becomes a problem, is not tried again, and does not change the end', () => {
    const story = new Story(STEPS);
    story.ends('A', SUCCEEDED);
    story.ends('finally', { cause: 'NodeFailure' });
    story.later(3_600_000);
    story.recordIsWritten();
    expect(story.started).toEqual(['A#1', 'finally#1']);
    expect(story.run).toMatchObject({
      status: 'Succeeded',
      problems: [{ key: 'step:finally', text: 'the finally step lost its node' }],
    });
  });

  test('an onFailure step that fails does not keep finally from running', () => {
    const story = new Story(STEPS);
    story.ends('A', failed());
    story.ends('onFailure', failed(3));
    expect(story.active).toEqual(['finally']);
  });

  test('an abort between leaves finalization where it is; onAbort follows what runs', () => {
    const story = new Story(STEPS);
    story.ends('A', failed());
    expect(story.active).toEqual(['onFailure']);
    story.abort();
    expect(story.active).toEqual(['onFailure']);
    expect(story.attempt('onFailure').ending).toBeUndefined();
    story.ends('onFailure', SUCCEEDED);
    expect(story.active).toEqual(['onAbort']);
    story.ends('onAbort', SUCCEEDED);
    story.ends('finally', SUCCEEDED);
    story.recordIsWritten();
    expect(story.started).toEqual(['A#1', 'onFailure#1', 'onAbort#1', 'finally#1']);
    expect(story.run.status).toBe('Aborted');
  });

  test('6: one whose submission never arrived is submitted again, in an Aborting run, too', () => {
    const story = new Story(STEPS);
    story.abort();
    story.ends('A', { cause: 'AbortedByUser' });
    story.state.putAttempt({ ...story.attempt('onAbort'), state: { kind: 'submitting' } });
    sendBack(story.state, 'onAbort', 'its submission never reached the scheduler', story.moment);
    story.goOn();
    expect(story.active).toEqual(['onAbort']);
    expect(story.started).toEqual(['A#1', 'onAbort#1', 'onAbort#1']);
  });

  test('a held run starts no step; released it goes on', () => {
    const story = new Story(STEPS);
    story.hold();
    story.ends('A', SUCCEEDED);
    expect(story.call('finally').status).toBe('Ready');
    story.release();
    expect(story.active).toEqual(['finally']);
  });
});

describe('5: declared outputs', () => {
  const OUTPUTS = `
name: outputs
tasks:
  A: { run: 'true', outputs: { table: table.txt } }
outputs:
  table: \${{ tasks.A.outputs.table }}
`;

  test('are noted with a success', () => {
    const story = new Story(OUTPUTS);
    story.ends('A', SUCCEEDED);
    expect(story.run.outputs).toEqual({ table: expect.stringMatching(/table\.txt$/) });
  });

  test('and not with a failure', () => {
    const story = new Story(OUTPUTS);
    story.ends('A', failed());
    expect(story.run).not.toHaveProperty('outputs');
  });
});
