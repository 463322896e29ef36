import type { Handler } from '../call.js';
import { aliasHandlers } from './aliases.js';
import { concurrencyHandlers } from './concurrency.js';
import { functionHandlers } from './functions.js';
import { mappingHandlers } from './mappings.js';
import { policyHandlers } from './policies.js';
import { sideSettingHandlers } from './side-settings.js';
import { tagHandlers } from './tags.js';
import { updateHandlers } from './updates.js';
import { versionHandlers } from './versions.js';

/** Every operation that is served, by its name in the API model. */
export const handlers: Record<string, Handler> = {
  ...functionHandlers,
  ...updateHandlers,
  ...versionHandlers,
  ...aliasHandlers,
  ...policyHandlers,
  ...concurrencyHandlers,
  ...sideSettingHandlers,
  ...mappingHandlers,
  ...tagHandlers,
  Invoke: (services, call) => services.invoke(call),
  InvokeAsync: (services, call) => services.invokeAsync(call),
};
