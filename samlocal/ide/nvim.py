"""Neovim with nvim-dap: a Lua file of samlocal's own that starts the function and attaches when it waits."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from samlocal.ide.target import DebugTarget
from samlocal.sandbox.debug.language import Language

FILE = Path(".nvim") / "samlocal.lua"

_HEAD = """\
-- Written by `samlocal debug-config --ide nvim`. Load it from your configuration: dofile(".nvim/samlocal.lua")
local dap = require("dap")

-- Starts a function and calls back when it waits for the debugger.
local function start(command, ready)
  local waits = false
  vim.fn.jobstart(command, {
    on_stderr = function(_, lines)
      for _, line in ipairs(lines) do
        require("dap.repl").append(line)
        if not waits and line:find("debugger.* at 127%.0%.0%.1:") then
          waits = true
          ready()
        end
      end
    end,
    on_stdout = function(_, lines)
      require("dap.repl").append(table.concat(lines, "\\n"))
    end,
  })
end

-- What speaks the Debug Adapter Protocol at the port itself: debugpy and dlv.
dap.adapters.samlocal = function(callback, config)
  local function attach()
    callback({ type = "server", host = "127.0.0.1", port = config.connect.port })
  end
  -- Asked to attach again, after a save: the function runs already.
  if config.__restart then
    attach()
  else
    start(config.samlocal, attach)
  end
end

local function add(filetypes, configuration)
  for _, filetype in ipairs(filetypes) do
    dap.configurations[filetype] = dap.configurations[filetype] or {}
    table.insert(dap.configurations[filetype], configuration)
  end
end
"""

_FILETYPES = {Language.PYTHON: ("python",), Language.PROGRAM: ("go",)}


def unsupported(target: DebugTarget) -> bool:
    """Whether an adapter of its own stands between Neovim and the debugger, so that this file cannot start it."""
    return target.language not in _FILETYPES


def files(targets: Sequence[DebugTarget], workspace: Path) -> dict[Path, str]:
    added = "".join(_added(target) for target in targets if not unsupported(target))
    return {workspace / FILE: _HEAD + added}


def _added(target: DebugTarget) -> str:
    mappings = [{"localRoot": str(mapping.local), "remoteRoot": mapping.remote} for mapping in target.mappings]
    fields: dict[str, object] = {
        "type": "samlocal",
        "request": "attach",
        "name": target.title,
        "samlocal": list(target.command),
        "connect": {"host": "127.0.0.1", "port": target.port},
    }
    more = {"pathMappings": mappings} if target.language is Language.PYTHON else {"mode": "remote"}
    return f"\nadd({_lua(list(_FILETYPES[target.language]))}, {_lua(fields | more)})\n"


def _lua(value: object, depth: int = 0) -> str:
    """A value as a Lua table; JSON's strings are Lua's where they hold no other escapes than these."""
    indent = "  " * (depth + 1)
    match value:
        case dict():
            inner = "".join(f"{indent}{name} = {_lua(item, depth + 1)},\n" for name, item in value.items())
            return "{\n" + inner + "  " * depth + "}"
        case list():
            return "{ " + ", ".join(_lua(item, depth + 1) for item in value) + " }"
        case str():
            return json.dumps(value, ensure_ascii=False)
    return str(value)
