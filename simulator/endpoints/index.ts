import type { Route } from '../router.ts';
import type { RunRules } from '../run-rules.ts';
import { computeEnvRoutes } from './compute-envs.ts';
import { dataLinkContentRoutes } from './data-link-content.ts';
import { dataLinkRoutes } from './data-links.ts';
import { identityRoutes } from './identity.ts';
import { labelRoutes } from './labels.ts';
import { launchRoutes } from './launch.ts';
import { pipelineRoutes } from './pipelines.ts';
import { workflowRoutes } from './workflows.ts';

/** Every route of the Platform that is simulated. */
export const platformRoutes = (rules: RunRules): readonly Route[] => [
  ...identityRoutes,
  ...pipelineRoutes,
  ...computeEnvRoutes,
  ...labelRoutes,
  ...workflowRoutes,
  ...launchRoutes(rules),
  ...dataLinkRoutes,
  ...dataLinkContentRoutes,
];
