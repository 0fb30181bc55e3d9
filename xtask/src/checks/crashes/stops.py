# SPDX-License-Identifier: MIT OR Apache-2.0
"""Runs in gdb: what the debugger sees whenever the kernel is about to print the registers of a crash.

The machine's registers are those of the kernel's handler then. Those of the crash are in a struct pt_regs, of
which the handler has the address: they are put into the machine, gdb evaluates whatever it is asked for, and
the machine gets its own back. Each stop becomes a line of JSON.

Environment: CRASHES_OUT, file to write; CRASHES_SOCKET, of QEMU's stub; CRASHES_VMLINUX; CRASHES_TEXT, address
of _text; CRASHES_ATTACHED, what panic_timeout is set to; CRASHES_MODULES, files of modules, NAME=FILE by ':'.
"""

import json
import os
import traceback

import gdb

# As in struct pt_regs.
PT_REGS = ["r15", "r14", "r13", "r12", "rbp", "rbx", "r11", "r10", "r9", "r8", "rax", "rcx", "rdx", "rsi",
           "rdi", "orig", "rip", "cs", "eflags", "rsp", "ss"]
OWN = ["rax", "rbx", "rcx", "rdx", "rsi", "rdi", "rbp", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15",
       "rsp", "rip"]
SHOW_REGS_ALL = 2
# Where _text is in the file of a kernel for x86-64.
LINKED_TEXT = 0xffffffff81000000
MASK = (1 << 64) - 1
SCALARS = (gdb.TYPE_CODE_INT, gdb.TYPE_CODE_PTR, gdb.TYPE_CODE_ENUM, gdb.TYPE_CODE_BOOL, gdb.TYPE_CODE_CHAR)
KEPT = ".data..persistent"
MAX_MEMBERS = 3000
MAX_CALLERS = 4
# So much of the stack is read.
MAX_STACK_WORDS = 192
# A stack ends at a multiple of this.
STACK_BYTES = 1 << 14
WORD_BYTES = 8
# Between variables of a section.
MAX_GAP = 64
# Sections of the modules are smaller.
MAX_SECTION = 1 << 14

files = dict(pair.split("=", 1) for pair in os.environ["CRASHES_MODULES"].split(":"))
# Name of a module: addresses of its sections.
loaded = {}
# What was at addresses of modules that are gone: name, section, start, end, symbol of an address.
gone = []
# Name of a persistent variable, its module, address and type.
kept = []


def number(expression):
    return int(gdb.parse_and_eval(expression)) & MASK


def sections_of(module):
    """Names and addresses, as the kernel has them for /sys/module."""
    attributes = module["sect_attrs"].dereference()
    found = {}
    for index in range(int(attributes["nsections"])):
        one = attributes["attrs"][index]
        found[one["battr"]["attr"]["name"].string()] = int(one["address"]) & MASK
    return found


def modules():
    head = gdb.parse_and_eval("modules").address
    struct = gdb.lookup_type("struct module")
    offset = next(field.bitpos // 8 for field in struct.fields() if field.name == "list")
    entry = head["next"]
    while int(entry) != int(head):
        yield ((entry.cast(gdb.lookup_type("char").pointer()) - offset).cast(struct.pointer())).dereference()
        entry = entry["next"]


def add_symbols():
    """Tells gdb of modules that have come."""
    present = {}
    for module in modules():
        present[module["name"].string()] = module
    for name, module in present.items():
        if name not in files or name in loaded:
            continue
        sections = sections_of(module)
        keeper = present.get(name + "__persist")
        if keeper is not None:
            held = sections_of(keeper)
            sections.update({key: value for key, value in held.items() if key.startswith(KEPT)})
        others = " ".join(f"-s {key} {value:#x}" for key, value in sections.items()
                          if key != ".text" and not key.startswith((".note", ".gnu", "__ksymtab")))
        gdb.execute(f"add-symbol-file {files[name]} {sections['.text']:#x} {others}", to_string=True)
        print(f"{name}: .text {sections['.text']:#x} {others}")
        loaded[name] = sections
        # It is freed as soon as the init has returned.
        remember(name, ".init")
        for section, address in sections.items():
            if section.startswith(KEPT):
                add_kept(name, address)


def add_kept(module, address):
    """The variables of a persistent section, by gdb's own symbols and types."""
    end = address + MAX_GAP
    while address < end:
        symbol = symbol_at(address, module, KEPT)
        if symbol is None:
            address += 1
            continue
        name, file = symbol["name"], f"{module}.c"
        value = gdb.parse_and_eval(f"'{file}'::{name}")
        if int(value.address) != address:
            raise RuntimeError(f"{name} is at {value.address}, not {address:#x}")
        kept.append((name, module, address, value.type))
        address += value.type.sizeof
        end = address + MAX_GAP


def symbol_at(address, module="", begin=""):
    """What `info symbol` says, `name + 4 in section .text of file`, of a module and section if these are named:
    several may have been at the address."""
    for said in gdb.execute(f"info symbol {address:#x}", to_string=True).splitlines():
        if " in section " not in said:
            continue
        name, rest = said.split(" in section ", 1)
        section, _, file = rest.partition(" of ")
        name, _, offset = name.partition(" + ")
        file = os.path.basename(file)
        if section.startswith(begin) and file.startswith(module):
            return {"name": name, "offset": int(offset or 0), "section": section, "file": file}
    return None


def remember(name, *begins):
    """A module, or its init memory, is about to go: what is where is looked up while it is there."""
    for section, start in loaded[name].items():
        if not section.startswith(begins) or section.startswith(KEPT):
            continue
        symbols = {}
        last = start
        for address in range(start, start + MAX_SECTION):
            symbol = symbol_at(address, name, section)
            if symbol is None or symbol["section"] != section:
                if address > last + MAX_GAP:
                    break
                continue
            last = address
            gdb.selected_inferior().read_memory(address, 1)
            symbols[address] = (symbol["name"], symbol["offset"])
        print(f"{name}: {section} has {len(symbols)} bytes of symbols")
        gone.append((name, section, start, symbols))


def paths(type_, at, path, out):
    """All members of a type with their places."""
    type_ = type_.strip_typedefs()
    if len(out) > MAX_MEMBERS:
        return
    if type_.code in (gdb.TYPE_CODE_STRUCT, gdb.TYPE_CODE_UNION):
        for field in type_.fields():
            if not hasattr(field, "bitpos"):
                continue
            name = path if not field.name else f"{path}.{field.name}" if path else field.name
            if field.name:
                out.append((name, at + field.bitpos // 8, field.type.sizeof))
            paths(field.type, at + field.bitpos // 8, name, out)
    elif type_.code == gdb.TYPE_CODE_ARRAY:
        element = type_.target()
        low, high = type_.range()
        for index in range(low, min(high, low + 64) + 1):
            name = f"{path}[{index}]"
            out.append((name, at + index * element.sizeof, element.sizeof))
            paths(element, at + index * element.sizeof, name, out)


def persistent_at(address):
    """Every name of a place in persistent data, with the offset in what it names."""
    for name, module, start, type_ in kept:
        if start <= address < start + type_.sizeof:
            members = []
            paths(type_, 0, name, members)
            at = address - start
            found = [(path, at - begin) for path, begin, size in [(name, 0, type_.sizeof)] + members
                     if begin <= at < begin + max(size, 1)]
            return {"module": module, "variable": name, "paths": found}
    return None


def gone_at(address):
    return [{"module": name, "section": section, "start": start, "symbol": symbols[address]}
            for name, section, start, symbols in gone if address in symbols]


def variables(frame, with_members=True):
    """Parameters and local variables of a function, which may be inlined."""
    found = []
    block = frame.block()
    while block is not None:
        for symbol in block:
            # A constant is a variable that is always the same, here or everywhere.
            if not (symbol.is_variable or symbol.is_argument or symbol.is_constant):
                continue
            if symbol.addr_class in (gdb.SYMBOL_LOC_STATIC, gdb.SYMBOL_LOC_UNRESOLVED):
                continue
            found.append(variable(symbol, frame, with_members))
        if block.function is not None:
            break
        block = block.superblock
    return found


def variable(symbol, frame, with_members):
    one = {"name": symbol.name, "parameter": bool(symbol.is_argument), "value": None, "state": "known"}
    try:
        value = symbol.value(frame)
        type_ = value.type.strip_typedefs()
        one["type"] = str(symbol.type)
        # A pointer to what has no place: gdb takes it for NULL.
        is_pointer = type_.code == gdb.TYPE_CODE_PTR
        if is_pointer and "synthetic pointer" in value.format_string(max_elements=1, symbols=False):
            one["state"] = "synthetic pointer"
        elif value.is_optimized_out:
            one["state"] = "optimised out"
        elif type_.code not in SCALARS:
            one["state"] = "no number"
        else:
            one["value"] = int(value) & ((1 << (8 * type_.sizeof)) - 1)
            one["size"] = type_.sizeof
            if is_pointer and with_members:
                members = []
                target = type_.target().strip_typedefs()
                if target.code in (gdb.TYPE_CODE_STRUCT, gdb.TYPE_CODE_UNION):
                    paths(target, 0, "", members)
                one["members"] = members
    except gdb.error as error:
        one["state"] = str(error)
    return one


def lines_at(frame, place):
    """All lines of the row that an address is in: gdb prefers the beginnings of statements."""
    if place.symtab is None or frame.level() > 0:
        return []
    before = [entry for entry in place.symtab.linetable() if entry.pc <= frame.pc()]
    last = max((entry.pc for entry in before), default=None)
    return [entry.line for entry in before if entry.pc == last]


def frames():
    """The function, and those that are inlined at the instruction, the innermost first."""
    found = []
    try:
        frame = gdb.newest_frame()
        while frame is not None:
            place = frame.find_sal()
            file = place.symtab.filename if place.symtab else None
            found.append({"function": frame.name(), "file": file, "line": place.line,
                          "lines": lines_at(frame, place), "variables": variables(frame)})
            if frame.type() != gdb.INLINE_FRAME:
                break
            frame = frame.older()
    except (gdb.error, RuntimeError) as error:
        # There is no symbol: the place is no code.
        found.append({"function": None, "error": str(error), "variables": []})
    return found


def callers():
    """The variables of each caller and of what is inlined at the call, the next caller first."""
    found = []
    try:
        frame = gdb.newest_frame()
        while frame is not None and len(found) <= MAX_CALLERS:
            is_inlined = frame.type() == gdb.INLINE_FRAME
            if found:
                found[-1].append({"function": frame.name(), "variables": variables(frame, with_members=False)})
            frame = frame.older()
            if not is_inlined:
                found.append([])
    except (gdb.error, RuntimeError) as error:
        print(f"callers: {error}")
    return found


def stack_at(pointer):
    """The words from the stack pointer up to the end of the stack, as kernels up to 4.9 printed them."""
    words = []
    while len(words) < MAX_STACK_WORDS:
        address = pointer + WORD_BYTES * len(words)
        # As kstack_end() of these kernels.
        if (address + WORD_BYTES - 1) % STACK_BYTES < WORD_BYTES:
            break
        try:
            memory = gdb.selected_inferior().read_memory(address, WORD_BYTES).tobytes()
        except gdb.error:
            break
        words.append(int.from_bytes(memory, "little"))
    return words


def returns_on(stack):
    """Which of the words are behind an instruction of some function: index, symbol, offset."""
    found = []
    for index, word in enumerate(stack):
        # The call may be the last instruction.
        symbol = symbol_at((word - 1) & MASK)
        if symbol is not None and ".text" in symbol["section"]:
            found.append([index, symbol["name"], symbol["offset"] + 1])
    return found


def look():
    """One crash."""
    address, mode = number("$rdi"), number("$esi") & 0xffffffff
    # When it has ended, the first one is shown again.
    if mode != SHOW_REGS_ALL or address == number("(unsigned long)&exec_summary_regs"):
        return None
    memory = gdb.selected_inferior().read_memory(address, 8 * len(PT_REGS)).tobytes()
    words = [int.from_bytes(memory[at:at + 8], "little") for at in range(0, len(memory), 8)]
    crash = dict(zip(PT_REGS, words))
    crash["cr2"] = number("$cr2")
    add_symbols()
    way = gdb.parse_and_eval("'crash_ways.c'::way").string() if "crash_ways" in loaded else ""
    own = {name: number("$" + name) for name in OWN}
    stop = {"way": way, "registers": crash}
    try:
        for name in OWN:
            gdb.execute(f"set var ${name} = {crash[name]:#x}", to_string=True)
        stop["symbol"] = symbol_at(crash["rip"])
        stop["frames"] = frames()
        stop["callers"] = callers()
    finally:
        for name in OWN:
            gdb.execute(f"set var ${name} = {own[name]:#x}", to_string=True)
    stop["stack"] = stack_at(crash["rsp"])
    stop["returns"] = returns_on(stop["stack"])
    asked = [*OWN, "cr2"]
    stop["persistent"] = {name: persistent_at(crash[name]) for name in asked if persistent_at(crash[name])}
    stop["gone"] = {name: gone_at(crash[name]) for name in asked if gone_at(crash[name])}
    return stop


def run():
    gdb.execute("set pagination off")
    gdb.execute("set confirm off")
    gdb.execute("set architecture i386:x86-64")
    gdb.execute(f"target remote {os.environ['CRASHES_SOCKET']}")
    vmlinux = os.environ["CRASHES_VMLINUX"]
    text = int(os.environ["CRASHES_TEXT"], 16)
    gdb.execute(f"symbol-file -o {text - LINKED_TEXT:#x} {vmlinux}", to_string=True)
    if number("(unsigned long)&_text") != text:
        raise RuntimeError("the symbols are not at the kernel's addresses")
    # The first instruction: parameters are in registers there.
    shown, freed = number("(unsigned long)&__show_regs"), number("(unsigned long)&free_module")
    gdb.Breakpoint(f"*{shown:#x}")
    gdb.Breakpoint(f"*{freed:#x}")
    coming = number("(unsigned long)&do_init_module")
    gdb.Breakpoint(f"*{coming:#x}")
    gdb.execute(f"set var panic_timeout = {os.environ['CRASHES_ATTACHED']}")
    last = None
    with open(os.environ["CRASHES_OUT"], "w") as out:
        while True:
            try:
                gdb.execute("continue", to_string=True)
                at = number("$rip")
            except gdb.error:
                # The machine has ended.
                return
            if at == coming:
                add_symbols()
            elif at == freed:
                name = gdb.parse_and_eval(f"*(struct module *){number('$rdi'):#x}")["name"].string()
                if name in loaded:
                    remember(name, ".text", ".data", ".rodata", ".bss")
            else:
                stop = look()
                # An interrupt while gdb steps over the breakpoint leads to it again.
                if stop is not None and stop["registers"] != last:
                    last = stop["registers"]
                    out.write(json.dumps(stop) + "\n")
                    out.flush()


try:
    run()
except Exception:
    # gdb would go on, and the machine wait.
    traceback.print_exc()
    gdb.execute("kill", to_string=True)
