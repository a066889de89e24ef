/** wfctl events: what has happened to a run, or to all of them. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { EventAnswer } from '../../daemon/protocol/answers.ts';
import { isRunEnd } from '../../daemon/protocol/words.ts';
import type { Client } from '../client.ts';
import { defineCommand } from '../command.ts';
import { runId } from '../options.ts';
import { pointInTime } from '../print/times.ts';

export const events = defineCommand({
  options: (yargs) =>
    yargs
      .positional('id', {
        type: 'string',
        describe: 'Only of this run',
      })
      .option('follow', {
        type: 'boolean',
        alias: 'f',
        default: false,
        describe: 'Go on as it happens, until the run ends',
      })
      .option('after', {
        type: 'number',
        requiresArg: true,
        default: 0,
        describe: 'Only after the event of this number',
      })
      .option('json', { type: 'boolean', default: false, describe: 'One JSON object a line' }),
  async run({ id: given, follow, after, json }, { client, out }) {
    const id = given === undefined ? undefined : runId(given);
    const show = (event: EventAnswer) => out.line(json ? JSON.stringify(event) : inWords(event));
    let seenSeq = after;
    for (;;) {
      const page = await pageAfter(client, id, seenSeq);
      for (const event of page) show(event);
      seenSeq = page.at(-1)?.seq ?? seenSeq;
      if (page.length === PAGE) continue;
      if (!follow || (await isOver(client, id))) return 0;
      for await (const event of client.follow({
        ...(id === undefined ? {} : { runId: id }),
        afterSeq: seenSeq,
      })) {
        show(event);
        seenSeq = event.seq;
        if (event.type.startsWith('run.') && (await isOver(client, id))) return 0;
      }
      await sleep(200);
    }
  },
});

const PAGE = 10_000;

async function pageAfter(
  client: Client,
  id: number | undefined,
  after: number,
): Promise<readonly EventAnswer[]> {
  const query = { after, limit: PAGE };
  const answer =
    id === undefined
      ? await client.call('listEvents', { query })
      : await client.call('listRunEvents', { params: { id }, query });
  return answer.events;
}

async function isOver(client: Client, id: number | undefined): Promise<boolean> {
  if (id === undefined) return false;
  return isRunEnd((await client.call('getRun', { params: { id } })).status);
}

function inWords({ runId: id, at, call, attempt, text }: EventAnswer): string {
  const where = [
    id === null ? 'daemon' : String(id),
    ...(call === null ? [] : [call]),
    ...(attempt === null ? [] : [`#${attempt}`]),
  ];
  return `${pointInTime(at, new Date())}  ${where.join(' ')}  ${text}`;
}
