import { BOOLEAN, NUMBER, TEXT } from './fields.ts';
import { registerNode } from './seqera-node.ts';
import { atMost, wholeNumber } from './validate.ts';

registerNode('seqera-studios-add', {
  icon: 'seqera-studios-add.svg',
  inputs: 1,
  outputs: 1,
  fields: [
    { property: 'studioName', value: '', icon: 'flask', types: TEXT, required: true, check: atMost(80) },
    { property: 'containerUri', value: '', icon: 'cube', types: TEXT, required: true },
    { property: 'computeEnvId', value: '', icon: 'server', types: TEXT, required: true, suggest: 'computeEnvs' },
    { property: 'description', value: '', icon: 'align-left', types: TEXT, check: atMost(2048) },
    { property: 'mountData', value: '', icon: 'database', types: TEXT, list: true, suggest: 'dataLinks' },
    { property: 'cpu', value: 2, icon: 'microchip', types: NUMBER, check: wholeNumber },
    { property: 'memory', value: 8192, icon: 'tachometer', types: NUMBER, check: wholeNumber },
    { property: 'gpu', value: 0, icon: 'desktop', types: NUMBER, check: wholeNumber },
    { property: 'condaEnvironment', value: '', icon: 'cubes', types: TEXT, check: atMost(2048) },
    { property: 'lifespanHours', value: '', icon: 'hourglass-half', types: NUMBER, check: wholeNumber },
    { property: 'initialCheckpointId', value: '', icon: 'history', types: NUMBER, check: wholeNumber },
    { property: 'isPrivate', value: false, icon: 'lock', types: BOOLEAN },
    { property: 'spot', value: false, icon: 'leaf', types: BOOLEAN },
    { property: 'autoStart', value: true, icon: 'play', types: BOOLEAN },
  ],
});
