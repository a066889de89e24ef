/**
 * The entry point of the bundle that wfctl loads when it is given a workflow, and only then: `status` must
 * not pay for a YAML parser.
 */
export { openNative } from './native/open.ts';
export { workflowJsonSchema } from './native/schema.ts';
export { prepareBundle } from './prepare.ts';
