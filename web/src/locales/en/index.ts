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

/** Every text of the pages in English, by area. The other languages have the same shape. */
export const en = {
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

/** The same members, with texts of another language. */
type Translated<T> = { [Key in keyof T]: T[Key] extends string ? string : Translated<T[Key]> };
export type Catalogue = Translated<typeof en>;
