import type { Route } from '../router.ts';
import type { RunRules } from '../run-rules.ts';
import { actionRoutes } from './actions.ts';
import { computeEnvRoutes } from './compute-envs.ts';
import { credentialsRoutes } from './credentials.ts';
import { dataLinkContentRoutes } from './data-link-content.ts';
import { dataLinkRoutes } from './data-links.ts';
import { datasetUrlRoutes, datasetVersionRoutes } from './dataset-versions.ts';
import { datasetRoutes } from './datasets.ts';
import { identityRoutes } from './identity.ts';
import { labelRoutes } from './labels.ts';
import { launchRoutes } from './launch.ts';
import { launchConfigRoutes } from './launch-config.ts';
import { pipelineRoutes } from './pipelines.ts';
import { studioRoutes } from './studios.ts';
import { workflowLabelRoutes } from './workflow-labels.ts';
import { workflowRoutes } from './workflows.ts';

/** Every route of the Platform that is simulated. */
export const platformRoutes = (rules: RunRules): readonly Route[] => [
  ...identityRoutes,
  ...pipelineRoutes,
  ...computeEnvRoutes,
  ...labelRoutes,
  ...workflowRoutes,
  ...workflowLabelRoutes,
  ...launchRoutes(rules),
  ...launchConfigRoutes,
  ...dataLinkRoutes,
  ...dataLinkContentRoutes,
  ...datasetRoutes,
  ...datasetVersionRoutes,
  ...datasetUrlRoutes,
  ...studioRoutes,
  ...actionRoutes(rules),
  ...credentialsRoutes,
];
