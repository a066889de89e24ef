/** The contract on a real Grid Engine. */
import { describeBackend } from './describe-backend.ts';
import { openSge, sgeAnswers } from './sge-habitat.ts';

describeBackend('sge (real)', openSge, sgeAnswers() ? {} : { skip: 'qconf or its qmaster does not answer' });
