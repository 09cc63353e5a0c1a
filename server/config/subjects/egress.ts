import type { Config } from '../config.ts';
import { isEgressEntry } from '../egress-entry.ts';
import { fieldsOf } from '../field.ts';
import type { Reader } from '../reader.ts';
import { choice, list, wholeNumber } from '../text-types.ts';

const field = fieldsOf('What flows may do');

export const egressFields = {
  internal: field('REDSTART_EGRESS_PRIVATE', {
    type: choice(['allow', 'block']),
    fallback: 'allow',
    example: 'block',
    does: 'Whether flows may connect to this machine itself and to private networks (10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, fc00::/7 and their like). The Platform of your configuration and your proxies may be called either way. Metadata services of clouds and link-local addresses are blocked always.',
    change: 'block where flows only have business on the internet: it is safer, and costs nothing.',
    beware: 'With allow, whoever can have a flow call an address of theirs can have it call your internal services.',
  }),
  allow: field('REDSTART_EGRESS_ALLOW', {
    type: list(
      'a comma list of host names, *.domain, addresses and networks, each with :port where only one is meant',
      { test: isEgressEntry },
      'has an entry that is no host name, *.domain, address or network',
    ),
    fallback: [],
    fallbackText: 'none: everything that is not blocked',
    example: 'api.github.com,*.example.com:443,10.2.0.0/16',
    does: 'The only places that flows may connect to, besides the Platform of your configuration and your proxies. An entry also opens an address that REDSTART_EGRESS_PRIVATE blocks.',
    change: 'You know what your flows have to reach.',
    beware: 'Through a proxy, names are looked up by the proxy: it must have rules of its own.',
  }),
  loopLimit: field('REDSTART_LOOP_LIMIT_SECONDS', {
    type: wholeNumber(0, 3600, 'of seconds'),
    fallback: 30,
    example: '30',
    does: 'How long code of a flow may keep everything else waiting. Then the program ends with exit code 79, and the next start holds that flow back. Function nodes whose code shows that it could loop for ever are cut after 10 s, without harm to others, where they do not loop after an await.',
    change: 'Flows compute for longer in one go. 0: no limit; then every function node is cut after 10 s.',
    beware:
      'With 0, one loop without end after an await, or in any other node, stops every flow until somebody restarts the program.',
  }),
};

export function readEgress(reader: Reader): Pick<Config, 'egress' | 'loopLimitSeconds'> {
  const allow = reader.get(egressFields.allow);
  return {
    egress: { internal: reader.get(egressFields.internal), allow: allow.length > 0 ? allow : null },
    loopLimitSeconds: reader.get(egressFields.loopLimit),
  };
}
