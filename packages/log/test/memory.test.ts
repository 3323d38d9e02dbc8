import { openMemoryLog } from "../src/drivers/memory/index.ts";
import { testRecordLog } from "./record-log-contract.ts";

testRecordLog("memory", () => openMemoryLog());
