// What every page of the portal runs. Pages work without most of it; parts/ holds what only some need.

import { startBoost } from "./lib/boost.ts";
import { startDialogs } from "./lib/dialogs.ts";
import { startEnhancements } from "./lib/enhance.ts";
import { startKeeping } from "./lib/kept.ts";
import { startLeaving } from "./lib/leaving.ts";
import { startMenus } from "./lib/menus.ts";
import { startParts } from "./lib/parts.ts";
import { startTheme } from "./lib/theme.ts";

startTheme();
startLeaving();
startBoost();
startMenus();
startDialogs();
startEnhancements();
startKeeping();
startParts();
