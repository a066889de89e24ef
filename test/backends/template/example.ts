/** The configurations of examples/config, as the daemon would read them. */
import { readFileSync } from 'node:fs';
import type { TemplateOptions } from '../../../backends/registry.ts';
import { loadConfig, mistakeText } from '../../../daemon/config/config.ts';

/** The options of the one backend with `kind: template` in it. */
export function exampleOptions(name: string): TemplateOptions {
  return templateIn(readFileSync(`examples/config/${name}.yaml`, 'utf8'));
}

export function templateIn(text: string): TemplateOptions {
  const loaded = loadConfig({
    options: { config: 'it.yaml' },
    env: { HOME: '/home/ada' },
    readFile: () => text,
    hasProgram: () => false,
  });
  if (!loaded.ok) throw new Error(loaded.mistakes.map(mistakeText).join('\n'));
  const found = loaded.config.backends.map(({ options }) => options).find(({ kind }) => kind === 'template');
  if (found?.kind !== 'template') throw new Error('it has no backend with kind: template');
  return found;
}
