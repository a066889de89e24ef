/**
 * What tasks ask of a scheduler, as far as it is known before anything runs, and where the file says so.
 * Whether a scheduler could ever give it is for its backend to say.
 */
import type { Resources } from '../../../backends/backend.ts';
import type { Mistake, RequestPart, TaskRequest } from '../language.ts';
import { resourceLayers } from './compile.ts';
import type { Draft } from './draft.ts';
import { EvaluationProblem, textOf } from './evaluate.ts';
import type { LateResource, Task, Workflow } from './model.ts';
import { lastWordOn, parseResource } from './resources.ts';
import type { TaskBody } from './schema.ts';
import { scopeOf } from './scopes.ts';
import type { Path } from './source.ts';
import { subject } from './validate.ts';

export function requestsOf(draft: Draft, workflow: Workflow): readonly TaskRequest[] {
  const mistake = mistakeMaker(draft);
  return [...workflow.tasks.values(), ...workflow.steps.values()].map((task) => ({
    ...(task.policy.backend === undefined ? {} : { backend: task.policy.backend }),
    resources: Object.assign({}, task.resources, ...task.lateResources.map((late) => early(late, workflow))),
    mistake: (part, predicate) => mistake(pathOf(draft, task, part), predicate),
  }));
}

/** A resource made of inputs is known already; of one that waits for other values nothing is. */
function early({ key, text }: LateResource, { inputs }: Workflow): Resources {
  try {
    const parsed = parseResource(key, textOf(text.parts, scopeOf({ inputs })));
    return parsed.ok ? parsed.value : {};
  } catch (problem) {
    if (problem instanceof EvaluationProblem) return {};
    throw problem;
  }
}

/** What thousands of tasks inherit from the defaults is located once, and is one mistake. */
function mistakeMaker({ source }: Draft): (path: Path, predicate: string) => Mistake {
  const made = new Map<string, Mistake>();
  return (path, predicate) => {
    const message = `${subject(path)} ${predicate}`;
    const mistake = made.get(message) ?? source.mistake(source.placeOf(path), message);
    made.set(message, mistake);
    return mistake;
  };
}

function pathOf(draft: Draft, task: Task, part: RequestPart): Path {
  const body = bodyOf(draft, task);
  if (part.kind === 'backend')
    return body.backend === undefined ? ['defaults', 'backend'] : [...task.path, 'backend'];
  const layer = lastWordOn(part, resourceLayers(draft, task.path, body));
  return layer?.pathOf(part) ?? [...task.path, 'resources'];
}

function bodyOf({ file }: Draft, { name, path }: Task): TaskBody {
  const [top] = path;
  return (top === 'onAbort' || top === 'onFailure' || top === 'finally' ? file[top] : file.tasks[name]) ?? {};
}
