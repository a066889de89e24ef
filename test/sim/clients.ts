/**
 * People with `wfctl`: they submit, abort, hold and release at odd moments, ask again while the daemon is
 * away (with the same token), and compare each answer with what is on disk.
 */

import type { Answer, Refusal } from '../../daemon/api/engine-door.ts';
import type { Run } from '../../daemon/engine/model.ts';
import { hasEnded } from '../../daemon/engine/model.ts';
import type { AbortWish, SubmitWish } from '../../daemon/loop/parts.ts';
import type { Loop } from '../../daemon/loop.ts';
import type { CommittedRows } from './committed-rows.ts';
import { type Court, RULES } from './court.ts';
import type { Random } from './random.ts';
import type { Scenario } from './scenario.ts';
import type { Transcript } from './transcript.ts';
import type { VirtualTime } from './virtual-clock.ts';
import { randomWorkflow, writtenWorkflow } from './workflows.ts';

export interface ClientParts {
  readonly time: VirtualTime;
  readonly random: Random;
  readonly scenario: Scenario;
  readonly rows: CommittedRows;
  readonly court: Court;
  readonly transcript: Transcript;
  /** The daemon that answers now, if one does. */
  readonly loop: () => Loop | undefined;
}

/** Serving requests never waits for a scheduler (SEMANTICS 6). */
const ANSWERED_WITHIN_MS = 30_000;

export class Clients {
  /** Submits that nobody has answered yet. */
  unanswered = 0;
  private readonly parts: ClientParts;
  private readonly runOfToken = new Map<string, number>();

  constructor(parts: ClientParts) {
    this.parts = parts;
  }

  plan(): void {
    const { scenario, random, time } = this.parts;
    const between = () => random.between(0, scenario.healsAtMs * 0.9);
    for (let number = 1; number <= scenario.runs; number++) {
      const wish = this.drawSubmit(number);
      this.unanswered++;
      time.at(random.between(0, scenario.healsAtMs / 2), () => this.submit(wish));
      if (random.chance(0.1)) time.at(between(), () => this.submit(wish));
      if (random.chance(scenario.aborts)) time.at(between(), () => this.abortSome());
      if (random.chance(scenario.aborts / 3)) time.at(between(), () => this.abortSome());
      if (random.chance(scenario.holds)) time.at(between(), () => this.holdSome());
    }
    if (random.chance(scenario.switches)) {
      const fromMs = between();
      time.at(fromMs, () => this.switchOff());
      time.at(fromMs + random.between(0, 60_000), () => this.switchOn());
    }
  }

  /** After healing nobody holds anything back any more. */
  letGo(): void {
    const loop = this.parts.loop();
    if (loop === undefined) return;
    this.switchOn();
    for (const run of this.parts.rows.runs.values()) {
      if (run.status === 'OnHold' || run.held !== undefined) this.release(run, loop);
    }
  }

  private submit(wish: SubmitWish): void {
    const again = () => this.parts.time.after(5_000, () => this.submit(wish));
    const loop = this.parts.loop();
    if (loop === undefined) {
      if (!this.runOfToken.has(wish.token ?? '')) again();
      return;
    }
    let answered = false;
    this.say(`submit ${wish.token} for ${wish.owner.name}`);
    void loop.desk.submit(wish).then((answer) => {
      answered = true;
      if (answer.ok) this.submitted(wish, answer.value.run);
      else {
        this.refused(`submit ${wish.token}`, answer.error);
        again();
      }
    });
    this.parts.time.after(ANSWERED_WITHIN_MS, () => {
      if (answered) return;
      if (this.parts.loop() === loop)
        this.parts.court.accuse(RULES.answer, `submit ${wish.token} got no answer`);
      else if (!this.runOfToken.has(wish.token ?? '')) this.submit(wish);
    });
  }

  private submitted(wish: SubmitWish, run: Run): void {
    const { rows, court } = this.parts;
    this.say(`submit ${wish.token} → run ${run.id}`);
    const known = this.runOfToken.get(wish.token ?? '');
    if (known === undefined) this.unanswered--;
    else if (known !== run.id)
      court.accuse(RULES.answer, `token ${wish.token} made runs ${known} and ${run.id}`);
    this.runOfToken.set(wish.token ?? '', run.id);
    if (!rows.runs.has(run.id)) court.accuse(RULES.answer, `run ${run.id} was promised, but is not on disk`);
  }

  private abortSome(): void {
    const { rows, random } = this.parts;
    const runs = [...rows.runs.values()];
    const loop = this.parts.loop();
    if (runs.length === 0 || loop === undefined) return;
    const run = random.pick(runs);
    const calls = rows.callsOf(run.id).filter((call) => call.role === 'call');
    const call = random.chance(0.25) && calls.length > 0 ? random.pick(calls).key : undefined;
    const force = call === undefined && random.chance(0.35);
    const wish: AbortWish = {
      runId: run.id,
      by: run.owner.name,
      force,
      ...(call === undefined ? {} : { call }),
    };
    const what = `abort run ${run.id}${call === undefined ? '' : ` call ${call}`}${force ? ' --force' : ''}`;
    this.say(what);
    void loop.desk.abort(wish).then((answer) => this.aborted(wish, what, answer));
    // Repeating it is harmless (SEMANTICS 4), and force is mostly used on what is already aborting.
    if (call === undefined && random.chance(0.4)) {
      this.parts.time.after(random.between(0, 30_000), () => {
        void this.parts
          .loop()
          ?.desk.abort({ ...wish, force: true })
          .then((again) => this.aborted({ ...wish, force: true }, `${what}, again with --force`, again));
      });
    }
  }

  private aborted(wish: AbortWish, what: string, answer: Answer<Run>): void {
    const { rows, court } = this.parts;
    const run = rows.runs.get(wish.runId);
    this.say(`${what} → ${answer.ok ? answer.value.status : answer.error.code}`);
    if (run === undefined) return;
    if (!answer.ok) return this.refusedAbort(wish, run, answer.error);
    if (wish.call !== undefined) {
      const call = rows.calls.get(run.id)?.get(wish.call);
      if (call?.abort === undefined) court.accuse(RULES.answer, `${what} was accepted, but is not on disk`);
      return;
    }
    if (run.abort === undefined || (wish.force && !run.abort.force && !hasEnded(run))) {
      court.accuse(RULES.answer, `${what} was accepted, but run ${run.id} is ${run.status} on disk`);
    }
  }

  private refusedAbort(wish: AbortWish, run: Run, error: Refusal): void {
    this.refused(`abort ${wish.runId}`, error);
    const bundle = this.parts.rows.bundles.get(run.id);
    const ignores = bundle !== undefined && writtenWorkflow(bundle).abort === 'ignore';
    const isDegraded = /degraded|full/i.test(`${error.code} ${error.message}`);
    if (!hasEnded(run) && !ignores && !isDegraded && wish.call === undefined) {
      this.parts.court.accuse(
        RULES.answer,
        `abort of run ${run.id}, ${run.status}, was refused: ${error.message}`,
      );
    }
  }

  private holdSome(): void {
    const { rows, random, time } = this.parts;
    const loop = this.parts.loop();
    const runs = [...rows.runs.values()].filter((run) => !hasEnded(run));
    if (runs.length === 0 || loop === undefined) return;
    const run = random.pick(runs);
    this.say(`hold run ${run.id}`);
    void loop.desk.hold({ runId: run.id, by: run.owner.name, reason: 'a pause' }).then((answer) => {
      this.say(`hold run ${run.id} → ${answer.ok ? answer.value.status : answer.error.code}`);
    });
    time.after(random.between(0, 60_000), () => {
      const later = this.parts.loop();
      if (later !== undefined) this.release(run, later);
    });
  }

  private release(run: Run, loop: Loop): void {
    this.say(`release run ${run.id}`);
    void loop.desk.release({ runId: run.id, by: run.owner.name }).then((answer) => {
      this.say(`release run ${run.id} → ${answer.ok ? answer.value.status : answer.error.code}`);
    });
  }

  private switchOff(): void {
    const name = this.parts.random.pick(['drain', 'pause:alpha']);
    this.say(`${name} on`);
    void this.parts.loop()?.desk.store(name, { by: 'root', reason: 'maintenance' }, `${name} on`);
  }

  private switchOn(): void {
    for (const name of ['drain', 'pause:alpha']) {
      if (this.parts.rows.settings.has(name)) void this.parts.loop()?.desk.store(name, null, `${name} off`);
    }
  }

  private drawSubmit(number: number): SubmitWish {
    const { random, scenario } = this.parts;
    const sizes = {
      tasks: scenario.tasks,
      scatter: scenario.scatter,
      backends: scenario.backends.map((backend) => backend.name),
    };
    const owner = random.pick(scenario.owners);
    return {
      bundle: randomWorkflow(random.fork(`workflow ${number}`), number, sizes),
      owner,
      umask: 0o022,
      submitDir: `${owner.home}/work`,
      labels: {},
      hold: random.chance(0.1),
      token: `token-${number}`,
    };
  }

  private refused(what: string, error: Refusal): void {
    this.say(`${what} → refused: ${error.code}: ${error.message}`);
    if (error.code === 'INVALID_WORKFLOW') this.parts.court.accuse(RULES.answer, `${what}: ${error.message}`);
  }

  private say(what: string): void {
    this.parts.transcript.say('client', what);
  }
}
