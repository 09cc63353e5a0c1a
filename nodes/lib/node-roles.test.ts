import { describe, expect, it } from 'vitest';
import { nodesOf } from './node-roles.ts';

const allowed = (roles: string[]) => nodesOf(roles)?.flatMap((each) => (each.allowed ? [each.type] : []));

describe('which nodes a role allows', () => {
  it('is what the role has and those below it', () => {
    expect(allowed(['view'])).toContain('seqera-workflow-monitor');
    expect(allowed(['view'])).not.toContain('seqera-workflow-launch');
    expect(allowed(['connect'])).toEqual(allowed(['view']));
    expect(allowed(['launch'])).toContain('seqera-dataset-add');
    expect(allowed(['launch'])).not.toContain('seqera-studios-add');
    expect(allowed(['maintain'])).toEqual(allowed(['owner']));
  });

  it('is that of the highest of several, in any spelling', () => {
    expect(allowed(['view', 'MAINTAIN'])).toEqual(allowed(['owner']));
    expect(allowed(['auditor', 'view'])).toEqual(allowed(['view']));
  });

  it.each([[[]], [['auditor']]])('is not known for %j', (roles) => {
    expect(nodesOf(roles)).toBeNull();
  });
});
