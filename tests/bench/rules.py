#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The rules of the benchmark, once: as pattern sets for gonogo, as lists for grep, ripgrep and PCRE2, and as sample
lines for the log generator.

    rules.py DIR        writes DIR/100/bench.yaml, DIR/400/bench.yaml, DIR/{100,400}.{pcre,rg,ere,mtail,sec,cfg}
                        and DIR/samples

A sample begins with the kind of line it stands in: E, W, I are Alfresco's levels, J is Tomcat's SEVERE, '-' a bare line.
{n}, {w}, {x}, {p} and {c} are a number, a word, hex digits, a path and a class: the generator fills them in anew each time.
"""
import os
import re
import sys

HAND = [
    # what an Alfresco start says
    ("started", r"Alfresco started \((?<edition>[^)]+)\)\. Current version:? ?(?<version>\S+) schema (?<schema>[\d.,]+)",
     "I Alfresco started (Community). Current version: 5.2.{n} schema 10,0{n}"),
    ("db-check", r"Using database URL '(?<url>[^']+)' with user '(?<user>[^']*)'",
     "I Using database URL 'jdbc:postgresql://db{n}/alfresco' with user 'alfresco'."),
    ("db-connected", r"Connected to database (?<product>.+?) version (?<version>\S+)",
     "I Connected to database PostgreSQL version 9.6.{n}"),
    ("schema-script", r"Executing database script (?<file>\S+) \((?:Copied|Original)",
     "I Executing database script /tmp/Alfresco/AlfrescoSchemaUpdate-{n}.sql (Copied from classpath:alfresco/{w}.sql)."),
    ("schema-failed", r"(?i)schema auto-update failed", "E Schema auto-update failed: {w}"),
    ("schema-check", r"Compared database schema with reference schema \((?<result>all OK|\d+ differences)\)",
     "I Compared database schema with reference schema (all OK): {p}"),
    ("schema-diff", r"Schema validation found (?<n>\d+) potential problems?", "W Schema validation found {n} potential problems"),
    ("patch-run", r"Executing patch: (?<patch>patch\.\w+)", "I Executing patch: patch.{w}{n}"),
    ("patch-ok", r"Applied patch '(?<patch>[^']+)' \(already", "I Applied patch '{w}' (already recorded {n})"),
    ("patch-failed", r"Patch '(?<patch>[^']+)' failed", "E Patch '{w}' failed after {n} nodes"),
    ("patch-progress", r"(?<percent>\d+)% complete for patch\s+(?<patch>\S+)", "I {n}% complete for patch  {w}"),
    ("module-found", r"Found (?<n>\d+) module\(?s?\)? package", "I Found {n} module(s) packages"),
    ("module-upgrade", r"(?:Starting|Upgrading|Installing) module '(?<module>[\w.-]+)' version", "I Upgrading module '{w}' version {n}.0"),
    ("module-missing", r"The module '(?<module>[^']+)' (?:has been uninstalled|is not compatible)", "E The module '{w}' is not compatible with {n}"),
    ("subsystem-start", r"Startup of '(?<subsystem>\w+)' subsystem(?:, ID: (?<id>\[.*\]))? complete",
     "I Startup of '{w}' subsystem, ID: [{w}, managed, {w}] complete"),
    ("subsystem-failed", r"Startup of '\w+' subsystem.* failed", "E Startup of 'fileServers' subsystem, ID: [{w}] failed {n}"),
    ("license", r"(?i)license (?:is|has become) (?<state>invalid|expired|missing)", "E Your License has become expired on {n}"),
    ("content-store", r"CONTENT INTEGRITY ERROR: (?:Indexes|System content) not found in content store",
     "E CONTENT INTEGRITY ERROR: System content not found in content store {p}"),
    ("index-recovery", r"Index recovery started: (?<n>[\d.,]+) transactions", "I Index recovery started: {n} transactions."),
    ("index-done", r"Index recovery completed", "I Index recovery completed after {n} s"),
    ("keystore", r"The keystores? (?:are|is) (?:missing|invalid|changed)", "E The keystore is missing: {p}"),
    ("jobs-lock", r"(?:Failed to get|Lost) lock .{1,80} using token (?<token>[0-9a-f-]{36})",
     "W Failed to get lock '{w}' using token {x}-0000-4000-8000-{x}{n4}"),
    ("content-url", r"No content data found for (?:node|URL) (?<url>(?:store|workspace)://\S+)", "E No content data found for URL store://2017/{n}/{x}.bin"),
    ("webdav", r"WebDAV root (?:node )?not found", "E WebDAV root not found {n}"),
    ("user-sync", r"Synchronization (?<what>aborted|failed) due to", "E Synchronization aborted due to error {n}"),
    ("solr-down", r"Solr request failed|Unable to reach (?:the )?Solr", "E Solr request failed 4{n} /solr/{w}"),
    ("solr-tracking", r"Tracking failed for (?:core )?(?<core>alfresco|archive)", "E Tracking failed for core archive {n}"),
    ("txn-rollback", r"Transaction rolled back because it has been marked as rollback-only", "W Transaction rolled back because it has been marked as rollback-only {n}"),
    ("retry-exhausted", r"Exhausted (?<n>\d+) transaction retr(?:y|ies)", "E Exhausted {n} transaction retries {w}"),
    ("duplicate-child", r"Duplicate child name not allowed: (?<name>.+)", "W Duplicate child name not allowed: {w}{n}"),
    # Spring
    ("bean-creation", r"Error creating bean with name '(?<bean>[^']+)'", "E Error creating bean with name '{w}' defined in {p}"),
    ("bean-missing", r"No (?:qualifying|unique) bean of type \[?(?<type>[\w.$]+)", "E No qualifying bean of type [{c}] found"),
    ("context-init", r"Context initialization failed", "E Context initialization failed {n}"),
    ("context-closed", r"Closing (?:Spring )?root WebApplicationContext", "I Closing Spring root WebApplicationContext {n}"),
    ("placeholder", r"Could not resolve placeholder '(?<name>[^']+)'", "E Could not resolve placeholder '{w}' in string value {n}"),
    ("circular", r"is currently in creation.{0,40}circular reference", "E Requested bean is currently in creation: Is there an unresolvable circular reference? {n}"),
    ("property-unwritable", r"Invalid property '(?<p>\w+)' of bean class", "E Invalid property '{w}' of bean class [{c}]"),
    # Tomcat
    ("boot", r"Server (?:version name|built):\s+(?<version>.+)", "J Server version name:   Apache Tomcat/8.5.{n}"),
    ("up", r"Server startup in \[?(?<ms>[\d.,]+)\]? (?:ms|milliseconds)", "J Server startup in [{n}] milliseconds"),
    ("context-failed", r"Context \[(?<context>[^\]]*)\] startup failed due to previous errors", "J Context [/{w}] startup failed due to previous errors"),
    ("listener-failed", r"One or more listeners failed to start", "J One or more listeners failed to start. {n}"),
    ("filter-failed", r"Exception starting filter \[?(?<filter>[\w .-]+)", "J Exception starting filter [{w}]"),
    ("port-taken", r"Failed to (?:initialize|start) connector \[Connector\[(?<connector>[^\]]+)\]", "J Failed to initialize connector [Connector[HTTP/1.1-{n}]]"),
    ("bind", r"(?:java\.net\.)?BindException: Address already in use(?: \((?<why>[^)]*)\))?", "- java.net.BindException: Address already in use (Bind failed) {n}"),
    ("memory-leak", r"appears to have started a thread named \[(?<thread>[^\]]+)\] but has failed to stop it",
     "J The web application [{w}] appears to have started a thread named [{w}-{n}] but has failed to stop it."),
    ("ssl", r"SSL(?:Handshake|PeerUnverified|Key)?Exception: (?<why>.*)", "- javax.net.ssl.SSLHandshakeException: {w} {n}"),
    ("apr", r"(?i)apr based apache tomcat native library .{0,60}was not found", "J The APR based Apache Tomcat Native library which allows {w} was not found on {p}"),
    ("deploy", r"Deployment of web application (?:archive|directory) \[(?<path>[^\]]+)\] has finished in", "J Deployment of web application archive [{p}] has finished in [{n}] ms"),
    ("undeploy", r"Undeploying context \[(?<context>[^\]]*)\]", "J Undeploying context [/{w}{n}]"),
    ("shutdown", r"A valid shutdown command was received via the shutdown port", "J A valid shutdown command was received via the shutdown port. {n}"),
    ("servlet-unavailable", r"Marking servlet \[?(?<servlet>\w+)\]? as unavailable", "J Marking servlet [{w}] as unavailable"),
    # the JVM
    ("oom", r"java\.lang\.OutOfMemoryError(?:: (?<what>.+))?", "- java.lang.OutOfMemoryError: GC overhead limit exceeded {n}"),
    ("oom-thread", r"unable to create (?:new )?native thread", "E unable to create new native thread {n}"),
    ("class-version", r"Unsupported(?:ClassVersionError| major\.minor version (?<version>[\d.]+))", "- java.lang.UnsupportedClassVersionError: {w} : {n}"),
    ("no-class", r"(?:NoClassDefFoundError|ClassNotFoundException): (?<class>[\w./$]+)", "- java.lang.NoClassDefFoundError: {c}"),
    ("no-method", r"NoSuch(?:Method|Field)Error: (?<member>\S+)", "- java.lang.NoSuchMethodError: {c}.{w}()V"),
    ("stack-overflow", r"\bStackOverflowError\b", "- java.lang.StackOverflowError {n}"),
    ("hs-err", r"A fatal error has been detected by the Java Runtime Environment", "- # A fatal error has been detected by the Java Runtime Environment: {n}"),
    ("too-many-files", r"(?i)too many open files", "- java.io.FileNotFoundException: {p} (Too many open files)"),
    ("disk-full", r"No space left on device|Disk quota exceeded", "- java.io.IOException: No space left on device {n}"),
    ("permission", r"(?:FileNotFoundException|AccessDeniedException): (?<path>/\S+)(?: \(Permission denied\))?", "- java.nio.file.AccessDeniedException: {p}"),
    ("unknown-host", r"UnknownHostException: (?<host>[\w.-]+)", "- java.net.UnknownHostException: {w}{n}"),
    ("refused", r"Connection refused(?! \(retrying\))", "E Connection refused {n}"),
    ("reset", r"Connection reset by peer|Broken pipe", "E Broken pipe {n}"),
    ("timeout", r"(?<!Query)(?:Read|connect|Accept) timed out", "E Read timed out {n}"),
    # databases
    ("pg-fatal", r"FATAL: +(?<why>password authentication failed|too many connections|database \"[^\"]+\" does not exist)",
     "- org.postgresql.util.PSQLException: FATAL: password authentication failed for user {w}"),
    ("pg-error", r"PSQLException: ERROR: (?<why>.+)", "- org.postgresql.util.PSQLException: ERROR: relation \"{w}{n}\" already exists"),
    ("pg-starting", r"the database system is (?<state>starting up|shutting down|in recovery mode)", "E the database system is starting up {n}"),
    ("ora", r"^[A-Z]{2,5}-\d{5}: ", "- ORA-0{n5}: {w}"),
    ("mysql", r"Communications link failure", "E Communications link failure {n}"),
    ("deadlock", r"(?i)deadlock (?:found|detected)", "E Deadlock found when trying to get lock {n}"),
    ("lock-timeout", r"Lock wait timeout exceeded", "E Lock wait timeout exceeded {n}"),
    ("pool", r"Cannot (?:get a connection, pool error|create PoolableConnectionFactory)(?: (?<why>.*))?", "E Cannot create PoolableConnectionFactory (The connection {w})"),
    ("liquibase-lock", r"Waiting for changelog lock\.\.\.\.", "I Waiting for changelog lock.... {n}"),
    ("liquibase-failed", r"Migration failed for (?:change ?set) (?<set>\S+)", "E Migration failed for change set {p}::{n}::{w}"),
    ("flyway", r"Migration (?<file>V[\d_.]+__\w+\.sql) failed", "E Migration V{n}__{w}.sql failed"),
    ("hibernate", r"SQL Error: (?<code>-?\d+), SQLState: (?<state>\w{5}|null)", "W SQL Error: {n}, SQLState: 42P07"),
    ("constraint", r"violates (?<kind>unique|foreign key|not-null|check) constraint", "E insert on table violates foreign key constraint {w}{n}"),
    # caches, clusters, others
    ("cluster-join", r"Cluster started, members?: (?<members>\[.*\])", "I Cluster started, members: [{w}, {w}]"),
    ("cluster-left", r"Member (?:\[[^\]]+\] )?(?:left|removed from) the cluster", "W Member [{w}] left the cluster {n}"),
    ("jgroups", r"(?:failed|unable) to join .{1,40}: no response from coordinator", "W failed to join {w}: no response from coordinator {n}"),
    ("alluxio-lease", r"Requesting lease(?: with (?<id>\d+))?", "I Requesting lease with {n}"),
    ("alluxio-journal", r"Journal (?:is )?not formatted|Unable to (?:replay|read) journal", "E Unable to replay journal {p}"),
    ("alluxio-primary", r"(?:Primary|Secondary) master (?:started|is ready)", "I Primary master started {n}"),
    ("heartbeat", r"heartbeat (?:lost|timed out) for (?<who>worker|client)[- ](?<id>\w+)", "W heartbeat lost for worker {w}{n}"),
    ("conflict", r"(?<what>\w+) conflicts with \k<what>", "W {n} node conflicts with node"),
    ("version-pair", r"upgrade from (?<from>\d+\.\d+\.\d+) to (?!\k<from>)(?<to>\d+\.\d+\.\d+)", "I upgrade from 4.2.{n} to 5.2.{n}"),
    ("caused-by", r"Caused by: (?<class>[\w.$]+(?:Error|Failure)): (?<why>.+)", "- Caused by: {c}Error: {w} {n}"),
    ("gave-up", r"(?i)giving up after (?<tries>\d+) (?:attempts?|tries)", "E Giving up after {n} attempts"),
    ("still-waiting", r"(?i)still waiting for (?<what>\w+)", "I still waiting for {w} {n}"),
    ("readonly", r"(?:System|Repository|Server) is in (?:read-only|maintenance) mode", "W Repository is in read-only mode {n}"),
    ("checksum", r"[Cc]hecksum (?:mismatch|does not match)", "E Checksum mismatch {x}"),
    ("deprecated", r"Deprecated (?:property|setting) (?<name>[\w.]+) (?:is ignored|will be removed)", "W Deprecated property {w}.{w} is ignored"),
    ("percent", r"\b\d{1,3}(?:\.\d+)?% \(\d+/\d+\)", "I reindexed 4{n2}% ({n}/{n})"),
    ("was-code", r"^[A-Z]{4}\d{4}[EW]: (?<what>.+)", "- DSRA0010E: SQL State = 08001, {n}"),
    ("exit-code", r"exited with (?:code|status) (?!0\b)(?<code>\d+)", "E worker exited with code 1{n}"),
    ("killed", r"Killed process (?<pid>\d+) \((?<name>[^)]+)\)", "- Out of memory: Killed process {n} (java)"),
    ("core-dump", r"(?:Segmentation fault|core dumped)", "- Segmentation fault {n}"),
    ("hazelcast", r"Node is (?:not yet |)requesting a join", "W Node is requesting a join {n}"),
]

# the other 300: products of words, as sets for many products have them
EXCEPTIONS = """IllegalState IllegalArgument NullPointer ClassCast NumberFormat ArrayIndexOutOfBounds ConcurrentModification
UnsupportedOperation Interrupted Execution Rejected Timeout Naming NameNotFound SQLSyntax BatchUpdate DataIntegrity OptimisticLock
StaleState LazyInitialization MappingNotFound EntityExists Persistence Rollback Heuristic Transform SAXParse XPath ScriptEngine
Authentication AccessControl CertificateExpired KeyStore InvalidKey BadPadding UnrecoverableKey LdapReferral JMSSecurity Messaging
MalformedURL Protocol NoRouteToHost PortUnreachable ZipFile Charset UnmappableCharacter InvalidClass NotSerializable StreamCorrupted
WriteAborted Unmarshal Stub ExportObject""".split()
LOGGERS = """schema.SchemaBootstrap patch.PatchExecuter module.ModuleServiceImpl admin.ConfigurationChecker node.NodeServiceImpl
content.ContentServiceImpl search.SolrQueryHTTPClient sync.ChainingUserRegistry tenant.MultiTAdminServiceImpl lock.JobLockServiceImpl
cache.TransactionalCache workflow.ActivitiEngine audit.AuditComponentImpl usage.RepoUsageMonitor rule.RuleServiceImpl
transfer.TransferServiceImpl publishing.ChannelService thumbnail.ThumbnailService rendition.RenditionService imap.ImapServer
ftp.FTPServer smb.SMBServer webdav.WebDAVServlet cmis.CMISConnector quickshare.QuickShareLinks""".split()
PG_OBJECTS = """relation column function type schema role database tablespace sequence index constraint trigger operator extension
language""".split()
PG_VERBS = ["does not exist", "already exists", "cannot be dropped", "is not owned by you"]
NOUNS = """worker block journal mount namespace ufs client tier checkpoint snapshot connector realm engine session valve
cluster""".split()
VERBS = ["failed to register", "could not be restored", "was evicted because", "is out of sync with", "timed out waiting for"]
LEVELS = "ERROR FATAL".split()


def derived():
    for name in EXCEPTIONS:
        yield (f"ex-{name.lower()}", rf"\b{name}Exception: (?<why>.+)", f"- com.acme.{name}Exception: {{w}} {{n}}")
    for n, name in enumerate(LOGGERS):
        level = LEVELS[n % 2]
        package, cls = name.split(".")
        yield (f"log-{cls.lower()}", rf" {level} +\[[\w.]*{package}\.{cls}\] (?<what>.*)",
               f"- 2026-11-21 10:00:00,000 {level} [repo.{package}.{cls}] {{w}} {{n}}")
    for obj in PG_OBJECTS:
        for verb in PG_VERBS:
            yield (f"pg-{obj}-{verb.replace(' ', '-')}", rf"ERROR: +{obj} \"(?<name>[^\"]+)\" {verb}",
                   f'- ERROR:  {obj} "{{w}}{{n}}" {verb}')
    for noun in NOUNS:
        for verb in VERBS:
            yield (f"{noun}-{verb.replace(' ', '-')}", rf"{noun.capitalize()} (?<id>[\w-]+) {verb} (?<rest>.+)",
                   f"W {noun.capitalize()} {{w}}-{{n}} {verb} {{w}}")
    for n in range(1000):
        noun, obj = NOUNS[n % len(NOUNS)], PG_OBJECTS[n // 7 % len(PG_OBJECTS)]
        yield (f"code-{n}", rf"(?:AX|KC)-{7000 + 37 * n}: {noun} {obj} (?<id>\d+)", f"W AX-{7000 + 37 * n}: {noun} {obj} {{n}}")


def rules(n):
    every = list(HAND)
    for rule in derived():
        if len(every) >= n:
            break
        every.append(rule)
    return every[:n]


def fold(pattern):
    """(?i) spelt out, for those who have no such switch."""
    if not pattern.startswith("(?i)"):
        return pattern
    out, brackets, i = "", 0, 4
    while i < len(pattern):
        c = pattern[i]
        if c == "\\":
            out += pattern[i:i + 2]
            i += 2
            continue
        if pattern.startswith("(?<", i):
            end = pattern.index(">", i) + 1
            out += pattern[i:end]
            i = end
            continue
        brackets += (c == "[") - (c == "]")
        out += f"[{c.lower()}{c.upper()}]" if c.isalpha() and not brackets else c
        i += 1
    return out


def for_rg(pattern):
    """Without names: ripgrep makes one expression of all the lines, and a name may be there only once."""
    if re.search(r"\(\?<?[=!]|\\k<", pattern):
        return None
    return re.sub(r"\(\?<\w+>", "(?:", pattern).replace(r"\"", '"')


def for_ere(pattern):
    if re.search(r"\(\?<?[=!]|\\k<|\.\+\?", pattern):
        return None
    text = re.sub(r"\(\?<\w+>|\(\?:", "(", fold(pattern))
    text = re.sub(r"\[[^]]+\]", lambda m: m.group().replace(r"\d", "0-9").replace(r"\w", "a-zA-Z0-9_"), text)
    return text.replace(r"\d", "[0-9]").replace(r"\"", '"')


def plain(sample):
    for key, value in (("{n}", "17"), ("{n2}", "7"), ("{n4}", "0042"), ("{n5}", "1234"), ("{w}", "node"), ("{x}", "0a1b2c3d"),
                       ("{p}", "/srv/alf/data"), ("{c}", "org.acme.Node")):
        sample = sample.replace(key, value)
    kind, text = sample.split(" ", 1)
    return text if kind == "-" else f"10:00:00,000 {kind} {text}"


def yaml_quote(text):
    return "'" + text.replace("'", "''") + "'"


def as_yaml(n):
    out = ["set: bench", "title: the rules that speed is measured with", "rules:"]
    for rule_id, pattern, sample in rules(n):
        out += [f"  - id: {rule_id}", f"    match: {yaml_quote(pattern)}", "    effect: note",
                f"    samples: [{yaml_quote(plain(sample))}]"]
    return "\n".join(out) + "\n"


def as_mtail(n):
    lines = ["counter met by rule"]
    for rule_id, pattern, _ in rules(n):
        text = for_rg(pattern)
        if text:
            lines.append("/" + text.replace("/", r"\/") + "/ {\n  met[\"" + rule_id + "\"]++\n}")
    return "\n".join(lines) + "\n"


def as_sec(n):
    return "\n".join(f"type=Single\nptype=RegExp\npattern={p}\ndesc={i}\ncontinue=TakeNext\naction=lcall %c -> ( sub {{ 1 }} )\n"
                     for i, p, _ in rules(n))


def as_check_logfiles(n):
    rows = ",\n".join("    '" + p.replace("\\", "\\\\").replace("'", "\\'") + "'" for _, p, _ in rules(n))
    return ("$seekfilesdir = \"$ENV{BENCH_DIR}/seek\";\n$protocolsdir = \"$ENV{BENCH_DIR}/seek\";\n"
            "@searches = ({\n  tag => 'bench',\n  logfile => $ENV{BENCH_LOG},\n  options => 'noprotocol,allyoucaneat',\n"
            f"  criticalpatterns => [\n{rows}\n  ],\n}});\n")


def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)


def main(folder):
    for n in (100, 400):
        some = rules(n)
        assert len({r[0] for r in some}) == n, "an id is there twice"
        write(f"{folder}/{n}/bench.yaml", as_yaml(n))
        write(f"{folder}/{n}.pcre", "".join(p + "\n" for _, p, _ in some))
        write(f"{folder}/{n}.rg", "".join(p + "\n" for p in map(for_rg, (r[1] for r in some)) if p))
        write(f"{folder}/{n}.ere", "".join(p + "\n" for p in map(for_ere, (r[1] for r in some)) if p))
        write(f"{folder}/{n}.mtail", as_mtail(n))
        write(f"{folder}/{n}.sec", as_sec(n))
        write(f"{folder}/{n}.cfg", as_check_logfiles(n))
    write(f"{folder}/samples", "".join(r[2] + "\n" for r in rules(100)))


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
