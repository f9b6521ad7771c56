import type { Catalogue } from '../en/index.ts';
import { access } from './access.ts';
import { common } from './common.ts';
import { dashboard } from './dashboard.ts';
import { events } from './events.ts';
import { inbox } from './inbox.ts';
import { log } from './log.ts';
import { shell } from './shell.ts';
import { templates } from './templates.ts';
import { webhooks } from './webhooks.ts';
import { welcome } from './welcome.ts';

export const de: Catalogue = {
  access,
  common,
  dashboard,
  events,
  inbox,
  log,
  shell,
  templates,
  webhooks,
  welcome,
};
