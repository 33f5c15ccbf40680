# SPDX-License-Identifier: Apache-2.0
"""What the stand-in can play: steps make blocks, the names of blocks make a scenario.

A step is a pause and one thing to do: a log record or a change of the stand-in's state; `do` names a method of
server.py's StandIn.  Texts hold {names} that StandIn fills in.
"""
from typing import NamedTuple

DEPLOYER = "localhost-startStop-1"


class Step(NamedTuple):
    wait: float  # seconds, at speed 1
    do: str
    args: tuple


class Patch(NamedTuple):
    id: str
    target: int
    description: str
    report: str
    during: tuple = ()  # what is logged while it runs


class Product(NamedTuple):
    version: str
    build: str
    schema: int
    name: str  # as the line "... started" has it
    has_discovery: bool


class Scenario(NamedTuple):
    verdict: str
    sentence: str
    blocks: str
    product: Product
    database: str = "5.0.1"  # a method of server.py's Database: what the start will find
    has_records: bool = False  # whether Records Management answers
    index_stops_at: float = 1.0  # the part of the transactions that ever reaches the index


def do(name, *args, wait=0.0):
    return Step(wait, name, args)


def tomcat(wait, source, text, level="INFO", thread=DEPLOYER, trace=()):
    return do("tomcat", level, thread, source, text, trace, wait=wait)


def deploying(wait, what, how="deployWAR"):
    return do("deploying", f"org.apache.catalina.startup.HostConfig.{how}", what, wait=wait)


def deployed(wait, what, how="deployWAR"):
    return tomcat(wait, f"org.apache.catalina.startup.HostConfig.{how}",
                  f"Deployment of {what} has finished in [{{deployed:,}}] ms")


def alfresco(wait, logger, text, level="INFO", trace=()):
    return do("alfresco", level, logger, text, trace, wait=wait)


# How a listener of the context is reached, innermost first: the end of every stack trace at start-up.
CALL_PATH = (
    "org.springframework.context.support.AbstractApplicationContext.refresh(AbstractApplicationContext.java:487)",
    "org.springframework.web.context.ContextLoader.initWebApplicationContext(ContextLoader.java:306)",
    "org.alfresco.web.app.ContextLoaderListener.contextInitialized(ContextLoaderListener.java:63)",
    "org.apache.catalina.core.StandardContext.listenerStart(StandardContext.java:4817)",
    "org.apache.catalina.core.StandardContext.startInternal(StandardContext.java:5283)",
    "org.apache.catalina.startup.HostConfig$DeployWar.run(HostConfig.java:1983)",
    "java.util.concurrent.ThreadPoolExecutor.runWorker(ThreadPoolExecutor.java:1149)",
    "java.lang.Thread.run(Thread.java:748)",
)


def trace(*links, path=CALL_PATH):
    """A printed exception and its causes, outermost first; each link is its text and then its own frames."""
    lines = []
    for number, (text, *frames) in enumerate(links):
        lines.append(f"Caused by: {text}" if number else text)
        lines += [f"\tat {frame}" for frame in frames]
        lines += [f"\t... {len(path)} more"] if number else [f"\tat {frame}" for frame in path]
    return tuple(lines)


ERROR = "org.alfresco.error.AlfrescoRuntimeException: {error}"  # and the number of the exception, four digits

# --- schema ------------------------------------------------------------------------------------------------------

SCHEMA = "domain.schema.SchemaBootstrap"
SCRIPTS = (
    ("patch.db-V5.1-upgrade-to-activiti-5.19.0", 9014,
     "5.1/org.hibernate.dialect.PostgreSQLDialect/activiti-upgrade-5-19-0.sql"),
    ("patch.db-v4.2-migrate-activiti-workflows", 10001,
     "4.2/org.hibernate.dialect.Dialect/migrate-activiti-workflows.sql"),
)


def schema_before(wait=.1):
    return [
        *(alfresco(pause, SCHEMA, f"Schema validation found {problems} potential problems, results written to: "
                   f"{{temp}}/Alfresco-PostgreSQLDialect-Validation-Pre-Upgrade-{prefix}-{{random}}.txt", "WARN")
          for pause, prefix, problems in ((wait, "alf_", 17), (.05, "act_", 4))),
        *(alfresco(.02, SCHEMA, f"Normalized schema dumped to file "
                   f"{{temp}}/Alfresco-schema-PostgreSQLDialect-pre-upgrade-{prefix}-{{random}}.xml.")
          for prefix in ("alf_", "act_")),
    ]


RECORDS_PATCHES = ("Adds the capability for holds to the roles", "Moves the rejection reasons")


def records_module():
    return [alfresco(.05, "repo.module.ModuleServiceImpl",
                     "Upgrading module 'org_alfresco_module_rm' version 2.6 (was 2.3).")]


def records_patch(description):
    logger = "org_alfresco_module_rm.patch.ModulePatch"
    return [alfresco(.1, logger, f'Executing module patch "{description}"'),
            alfresco(.3, logger, "   ... module patch applied")]


ATTEMPTS = 24


def schema_busy(attempt):
    """One attempt of a node that has to wait for another one; 5 s of it in the real one."""
    return [
        alfresco(.1, SCHEMA, "Another Alfresco cluster node is updating the DB"),
        alfresco(0, SCHEMA, "The current Alfresco cluster node is waiting for another chance to bootstrap the DB schema. "
                 f"Attempt: {attempt} of {ATTEMPTS}"),
    ]


NODES = ("10.0.0.11:5701 (hostname: node1)", "10.0.0.12:5701 (hostname: node2)")


def cluster(members):
    logger = "cluster.core.ClusteringBootstrap"
    return [
        alfresco(.2, logger, "Cluster started, name: MainRepository-2f6e0d7c-stand-in"),
        alfresco(0, logger, "Current cluster members:"),
        *(alfresco(0, logger, f"  {member}") for member in members),
    ]


def script_file(target):
    return f"{{temp}}/AlfrescoSchema-PostgreSQLDialect-Update-84116025{target}.sql"


def executing(target, path):
    return alfresco(.35, SCHEMA, f"Executing database script {script_file(target)} (Copied from "
                    f"classpath:alfresco/dbscripts/upgrade/{path}).")


def schema_scripts(scripts):
    steps = []
    for patch_id, target, path in scripts:
        steps += [executing(target, path), do("script_done", patch_id, target)]
    return steps


def schema_after():
    return [
        alfresco(.3, SCHEMA,
                 "All executed statements:  {temp}/AlfrescoSchema-PostgreSQLDialect-All_Statements-{random}.sql."),
        *(alfresco(.1, SCHEMA, "Compared database schema with reference schema (all OK): class path resource "
                   f"[alfresco/dbscripts/create/org.hibernate.dialect.PostgreSQLDialect/Schema-Reference-{name}.xml]")
          for name in ("ALF", "ACT")),
        *(alfresco(.02, SCHEMA, f"Normalized schema dumped to file "
                   f"{{temp}}/Alfresco-schema-PostgreSQLDialect-post-upgrade-{prefix}-{{random}}.xml.")
          for prefix in ("alf_", "act_")),
    ]


# --- patches -----------------------------------------------------------------------------------------------------

PATCHER = "admin.patch.PatchExecuter"
SITES = "patch.impl.AddUnmovableAspectToSitesPatch"
BATCH = (
    alfresco(.05, SITES, "AddUnmovableAspectToSitesPatch: Commencing batch of 2400 entries"),
    *(alfresco(.25, SITES, f"AddUnmovableAspectToSitesPatch: Processed {done} entries out of 2400. "
               f"{done * 100 // 2400}% complete. Rate: {rate} per second. 0 failures detected.")
      for done, rate in ((600, 1180), (1200, 1204), (1800, 1196))),
    alfresco(.25, SITES, "AddUnmovableAspectToSitesPatch: Completed batch of 2400 entries"),
)
PERCENT = tuple(
    alfresco(.2, PATCHER, f"\t\tPatch patch.fixPersonSizeCurrentType {percent}% complete, "
             "estimated complete at {eta}.") for percent in (20, 40, 60, 80))
PATCHES = (
    Patch("patch.fixWebscriptTemplate", 9001, "Reimport fixed sample template.", "Fixed template was updated."),
    Patch("patch.addUnmovableAspect", 9004, "Add unmovable aspect to sites.",
          "Unmovable aspect has been added to sites.", BATCH),
    Patch("patch.downloadsFolder", 9006, "Ensures the Syste Downloads folder exists.",
          "Created the downloads folder: /sys:system/sys:downloads"),
    Patch("patch.fixPersonSizeCurrentType", 9008, "Fix type of cm:sizeCurrent property.",
          "Fixing sizeCurrent type.\n\tFixed 118 sizeCurrent properties.", PERCENT),
    Patch("patch.spacesBootstrapSmartTemplatesFolder", 9016, "Adds Smart Templates Folder in Data Dictionary.",
          "Imported the folder: /app:company_home/app:dictionary/app:smart_folders"),
    Patch("patch.updateAdminUserWhenDefault", 10003, "Updates the admin user while it still has its defaults.",
          "The admin user was left as it is."),
    Patch("patch.addInviteModeratedEmailTemplates", 10051, "Adds the email templates of moderated invitations.",
          "Imported the templates: /app:company_home/app:dictionary/app:email_templates/cm:invite"),
    Patch("patch.redeployInvitationModeratedActivitiWorkflow", 10053, "Redeploys the moderated invitation workflow.",
          "Redeployed 1 workflow definition."),
)
FULL_DISK = PATCHES[4]
RETIRED = Patch("patch.redeployJbpmAdhocWorkflow", 5017, "Redeploys the ad hoc task workflow.",
                "{error}0002 \nPatch 'patch.redeployJbpmAdhocWorkflow' was last supported on version 4.2.x.\n"
                "   Please follow an incremental upgrade using version 4.2.x.")


def applying(patch):
    return alfresco(.15, PATCHER, f"\tApplying patch '{patch.id}' ({patch.description}).")


def run(patches):
    steps = []
    for patch in patches:
        steps += [applying(patch), *patch.during, do("patch_done", patch)]
    return steps


def result(heading, patch_id, report, level="INFO"):
    return alfresco(0, PATCHER, f"\n=== {heading:<29} === \nID: {patch_id}\nRESULT: \n{report}\n"
                    "=====================================", level)


def applied(patches):
    """The results come after the last patch, and name the scripts of the schema phase too."""
    return [
        do("scripts_dated", wait=.2),
        *(result("Applied patch", script_id, "Script completed") for script_id, *_ in SCRIPTS),
        *(result("Applied patch", patch.id, patch.report) for patch in patches),
    ]


# --- subsystems, modules, ends -----------------------------------------------------------------------------------

SUBSYSTEMS = "management.subsystems.ChildApplicationContextFactory"


def subsystem(category, *names, inside=()):
    where = f"'{category}' subsystem, ID: [{', '.join((category, *names))}]"
    return [alfresco(.06, SUBSYSTEMS, f"Starting {where}"), *inside,
            alfresco(.04, SUBSYSTEMS, f"Startup of {where} complete")]


def stopped(category, *names):
    where = f"'{category}' subsystem, ID: [{', '.join((category, *names))}]"
    return [alfresco(0, SUBSYSTEMS, f"{word} {where}") for word in ("Stopping", "Stopped")]


def context_failed(*links):
    return [alfresco(.2, "web.context.ContextLoader", "Context initialization failed", "ERROR", trace(*links))]


def bean_failed(bean, resource, why, *causes):
    text = (f"org.springframework.beans.factory.BeanCreationException: Error creating bean with name '{bean}' "
            f"defined in class path resource [{resource}]: {why}")
    factory = ("org.springframework.beans.factory.support.AbstractBeanFactory.getBean(AbstractBeanFactory.java:193)",)
    return [
        alfresco(.3, "context.support.XmlWebApplicationContext",
                 f"Exception encountered during context initialization - cancelling refresh attempt: {text}", "WARN"),
        *context_failed((text, *factory), *causes),
    ]


REFUSED = ("Connection to 127.0.0.1:5432 refused. Check that the hostname and port are correct "
           "and that the postmaster is accepting TCP/IP connections.")
NOT_ALL = (f"{ERROR}0003 Not all patches could be applied",
           "org.alfresco.repo.admin.patch.PatchExecuter.applyOutstandingPatches(PatchExecuter.java:103)")
LOCKED = (f"{ERROR}0000 A previous schema upgrade failed or was not completed.  "
          "Revert to the original database before attempting the upgrade again.",
          "org.alfresco.repo.domain.schema.SchemaBootstrap.onBootstrap(SchemaBootstrap.java:1750)")
NO_LOCK = (f"{ERROR}0001 Schema auto-update failed",
           "org.alfresco.repo.domain.schema.SchemaBootstrap.onBootstrap(SchemaBootstrap.java:1836)")
SQL_ERROR = ('org.postgresql.util.PSQLException: ERROR: index "act_idx_variable_task_id" does not exist',
             "org.postgresql.core.v3.QueryExecutorImpl.receiveErrorResponse(QueryExecutorImpl.java:2440)")
NO_SPACE = trace(
    (f"{ERROR}0001 Bootstrap failed",
     "org.alfresco.repo.importer.ImporterBootstrap.bootstrap(ImporterBootstrap.java:380)",
     "org.alfresco.repo.admin.patch.impl.GenericBootstrapPatch.applyInternal(GenericBootstrapPatch.java:149)",
     "org.alfresco.repo.admin.patch.AbstractPatch.apply(AbstractPatch.java:617)",
     "org.alfresco.repo.admin.patch.PatchServiceImpl.applyPatch(PatchServiceImpl.java:403)"),
    ("org.alfresco.service.cmr.repository.ContentIOException: {error}0000 Failed to copy content from input stream: "
     "\n   writer: ContentAccessor[ contentUrl=store://2026/1/1/0/0/0f2a.bin, mimetype=text/plain, size=0]",
     "org.alfresco.repo.content.AbstractContentWriter.putContent(AbstractContentWriter.java:470)"),
    ("java.io.IOException: No space left on device",
     "sun.nio.ch.FileDispatcherImpl.write0(Native Method)",
     "sun.nio.ch.FileChannelImpl.write(FileChannelImpl.java:211)"),
)
TOO_LONG = trace(
    ("org.springframework.dao.DataIntegrityViolationException: "
     "\n### Error updating database.  Cause: org.postgresql.util.PSQLException: ERROR: value too long for type "
     "character varying(1024)"
     "\n### The error may involve alfresco.appliedpatch.insert_AppliedPatch-Inline",
     "org.alfresco.repo.admin.patch.PatchServiceImpl.applyOutstandingPatches(PatchServiceImpl.java:236)"),
    ("org.postgresql.util.PSQLException: ERROR: value too long for type character varying(1024)",
     "org.postgresql.core.v3.QueryExecutorImpl.receiveErrorResponse(QueryExecutorImpl.java:2440)"),
)
RECORDS_FAILED = (
    (f"{ERROR}0002 Failed to start modules",
     "org.alfresco.repo.module.ModuleComponentHelper.startModules(ModuleComponentHelper.java:274)"),
    (f"{ERROR}0001 A module component 'org_alfresco_module_rm_modulePatchExecuter' failed to execute: "
     "{error}0000 Role ExtendedReader does not exist.",
     "org.alfresco.repo.module.ModuleComponentHelper.executeComponent(ModuleComponentHelper.java:692)"))
ELSEWHERE = (f"{ERROR}0000 A long running upgrade was found to be running on another node of the cluster. "
             "This node is shutting down.",
             "org.alfresco.repo.domain.schema.SchemaBootstrap.onBootstrap(SchemaBootstrap.java:1748)")
DEAD_JAR = "java.lang.NoSuchMethodError: org.alfresco.repo.jscript.ScriptNode.getVersionHistory()Ljava/util/List;"
WRONG_STORE = "Ensure that the 'dir.root' property '{home}/alf_data' is pointing to the correct data location."
SOLR = "deployment descriptor [{home}/conf/Catalina/localhost/solr4.xml]"
REPOSITORY = "web application archive [{home}/webapps/alfresco.war]"
SHARE = "web application archive [{home}/webapps/share.war]"
CONTEXT = "org.apache.catalina.core.StandardContext.startInternal"
FIRST_SUBSYSTEMS = [*subsystem("Authentication", "managed", "alfrescoNtlm1"),
                    *subsystem("ContentStore", "managed", "unencrypted")]
FINAL_SUBSYSTEMS = [stopped("ContentStore", "managed", "unencrypted"),
                    stopped("Authentication", "managed", "alfrescoNtlm1")]

BLOCKS = {
    "boot": [
        *(tomcat(.02, "org.apache.catalina.startup.VersionLoggerListener.log", text, thread="main") for text in (
            "Server version:        Apache Tomcat/8.5.43",
            "Server built:          Jul 4 2019 20:53:15 UTC",
            "Server number:         8.5.43.0",
            "OS Name:               Linux",
            "Architecture:          amd64",
            "JVM Version:           1.8.0_212-b04",
            "CATALINA_BASE:         {home}",
            "Command line argument: -Dgonogo.sample=a-stand-in-writes-this-log-not-Alfresco")),
        do("bind"),
        tomcat(.3, "org.apache.coyote.AbstractProtocol.init",
               'Initializing ProtocolHandler ["http-nio-127.0.0.1-{port}"]', thread="main"),
        tomcat(.1, "org.apache.catalina.startup.Catalina.load", "Initialization processed in {elapsed} ms",
               thread="main"),
        tomcat(.05, "org.apache.catalina.core.StandardService.startInternal", "Starting service [Catalina]",
               thread="main"),
        tomcat(0, "org.apache.catalina.core.StandardEngine.startInternal",
               "Starting Servlet Engine: Apache Tomcat/8.5.43", thread="main"),
        deploying(.1, SOLR, "deployDescriptor"),
        deployed(.4, SOLR, "deployDescriptor"),
        deploying(.05, REPOSITORY),
        tomcat(.3, "org.apache.jasper.servlet.TldScanner.scanJars",
               "At least one JAR was scanned for TLDs yet contained no TLDs. Enable debug logging for this logger "
               "for a complete list of JARs that were scanned but no TLDs were found in them."),
    ],
    "database": [
        alfresco(.4, "alfresco.repo.admin",
                 "Using database URL 'jdbc:postgresql://127.0.0.1:5432/alfresco' with user 'alfresco'."),
        alfresco(.1, "alfresco.repo.admin", "Connected to database PostgreSQL version 9.6.10"),
        alfresco(.2, SCHEMA, "Ignoring script patch (post-Hibernate): patch.db-V4.2-metadata-query-indexes"),
    ],
    "database-5.2": [
        alfresco(0, SCHEMA, "Ignoring script patch (post-Hibernate): patch.db-V5.1-metadata-query-indexes"),
        alfresco(0, SCHEMA, "Ignoring script patch (post-Hibernate): patch.db-V5.2-remove-jbpm-tables-from-db"),
    ],
    "database-unreachable": [
        alfresco(.4, "alfresco.repo.admin",
                 "Using database URL 'jdbc:postgresql://127.0.0.1:5432/alfresco' with user 'alfresco'."),
        *bean_failed(
            "dataSourceCheck", "alfresco/core-services-context.xml",
            "Invocation of init method failed; nested exception is "
            f"{ERROR}0000 Database connection failed: Cannot create PoolableConnectionFactory ({REFUSED})",
            (f"{ERROR}0000 Database connection failed: Cannot create PoolableConnectionFactory ({REFUSED})",
             "org.alfresco.repo.admin.DataSourceCheck.init(DataSourceCheck.java:73)"),
            (f"org.postgresql.util.PSQLException: {REFUSED}",
             "org.postgresql.core.v3.ConnectionFactoryImpl.openConnectionImpl(ConnectionFactoryImpl.java:262)"),
            ("java.net.ConnectException: Connection refused (Connection refused)",
             "java.net.PlainSocketImpl.socketConnect(Native Method)")),
    ],
    "old-extension": [
        *FIRST_SUBSYSTEMS[:2],
        *bean_failed("invoiceScript", "alfresco/module/invoices-repo/module-context.xml",
                     f"Invocation of init method failed; nested exception is {DEAD_JAR}",
                     (DEAD_JAR, "org.example.invoices.InvoiceScript.init(InvoiceScript.java:41)")),
    ],
    "schema-begins": [
        *FIRST_SUBSYSTEMS,
        alfresco(.05, SCHEMA, "Connecting to database: jdbc:postgresql://127.0.0.1:5432/alfresco, "
                 "UserName=alfresco, PostgreSQL JDBC Driver"),
        alfresco(0, SCHEMA, "Schema managed by database dialect org.hibernate.dialect.PostgreSQLDialect."),
    ],
    "schema": [*schema_before(), do("lock"), *schema_scripts(SCRIPTS), do("unlock"), *schema_after()],
    "schema-unchanged": [alfresco(.2, SCHEMA, "No changes were made to the schema.")],
    "schema-locked": [
        # db.schema.update.lockRetryCount=3 and lockRetryWaitSeconds=1, as it were: 24 times 5 s by default
        *schema_before(), *schema_before(wait=.9), *schema_before(wait=.9),
        alfresco(.9, SCHEMA, "Schema auto-update failed", "ERROR", trace(LOCKED)),
        *context_failed(NO_LOCK, LOCKED),
    ],
    "schema-busy": sum(map(schema_busy, range(1, 6)), []),
    "schema-never-free": [
        *sum(map(schema_busy, range(1, ATTEMPTS + 1)), []),
        alfresco(.2, SCHEMA, "Schema auto-update failed", "ERROR", trace(ELSEWHERE)),
        *context_failed(NO_LOCK, ELSEWHERE),
    ],
    "schema-script-failed": [
        *schema_before(), do("lock"), *schema_scripts(SCRIPTS[:1]),
        executing(*SCRIPTS[1][1:]),
        alfresco(.2, SCHEMA, "Statement execution failed:\n"
                 "   SQL: drop index act_idx_variable_task_id\n"
                 '   Error: ERROR: index "act_idx_variable_task_id" does not exist\n'
                 f"   File: {script_file(SCRIPTS[1][1])}\n   Line: 27", "ERROR"),
        alfresco(.05, SCHEMA, "Schema auto-update failed", "ERROR", trace(SQL_ERROR)),
        *context_failed(NO_LOCK, SQL_ERROR),
    ],
    "descriptor": [do("descriptor_written")],  # before the patches: it cannot prove that they went well
    "checks": [
        *subsystem("Search", "managed", "solr4"),
        *subsystem("thirdparty", "default"),
        *subsystem("OOoDirect", "default", inside=[alfresco(
            .1, "alfresco.util.OpenOfficeConnectionTester",
            "An initial OpenOffice connection could not be established.", "WARN")]),
    ],
    "content": [alfresco(.05, "repo.admin.ConfigurationChecker",
                         "The root data directory ('dir.root') is: {home}/alf_data")],
    "content-5.0": [alfresco(.05, "repo.admin.ConfigurationChecker",
                             "The Alfresco root data directory ('dir.root') is: {home}/alf_data")],
    "content-missing": [
        alfresco(.1, "repo.admin.ConfigurationChecker", "CONTENT INTEGRITY ERROR: System content not found in "
                 "content store: 'store://2025/3/9/10/2/51be.bin'", "ERROR"),
        alfresco(0, "repo.admin.ConfigurationChecker", WRONG_STORE, "ERROR"),
        *context_failed((f"{ERROR}0000 {WRONG_STORE}",
                         "org.alfresco.repo.admin.ConfigurationChecker.check(ConfigurationChecker.java:187)")),
    ],
    "patches-begin": [alfresco(.1, PATCHER, "Checking for patches to apply ...")],
    "patches": [*run(PATCHES), *applied(PATCHES)],
    "no-patches": [alfresco(.2, PATCHER, "No patches were required.")],
    "patches-cut": [*run(PATCHES[:1]), applying(PATCHES[1]), *BATCH[:3]],
    "patch-failed": [
        # The report is a whole stack trace and does not fit into PostgreSQL's varchar(1024).  So no row is left, and no
        # block "Failed to apply patch" is printed; what saving it threw comes bare, from printStackTrace().
        *run(PATCHES[:4]), applying(FULL_DISK),
        alfresco(.3, PATCHER, "\n".join(("{error}0002 " + NO_SPACE[0], *NO_SPACE[1:], "")), "ERROR"),
        do("stderr", TOO_LONG, wait=.3),
        *applied(PATCHES[:4]),
        *context_failed(NOT_ALL),
    ],
    "patch-retired": [
        applying(RETIRED),
        alfresco(.05, PATCHER, RETIRED.report, "ERROR"),
        do("patch_done", RETIRED, False),
        *applied(()),
        result("Failed to apply patch", RETIRED.id, RETIRED.report, "ERROR"),
        *context_failed(NOT_ALL),
    ],
    "killed": [do("die", wait=.2)],
    "modules": [
        alfresco(.1, "repo.module.ModuleServiceImpl", "Found 2 module package(s)."),
        alfresco(.05, "repo.module.ModuleServiceImpl", "Installing module 'alfresco-share-services' version 5.2.7."),
        alfresco(.1, "repo.module.ModuleServiceImpl",
                 "Upgrading module 'org.alfresco.integrations.google.docs' version 3.1.0 (was 3.0.1)."),
    ],
    "records": [*records_module(), *sum(map(records_patch, RECORDS_PATCHES), [])],
    "records-failed": [*records_module(), *records_patch(RECORDS_PATCHES[0]), records_patch(RECORDS_PATCHES[1])[0],
                       *context_failed(*RECORDS_FAILED)],
    "modules-unchanged": [
        alfresco(.1, "repo.module.ModuleServiceImpl", "Found 2 module package(s)."),
        alfresco(.05, "repo.module.ModuleServiceImpl", "Starting module 'alfresco-share-services' version 5.2.7."),
        alfresco(.05, "repo.module.ModuleServiceImpl",
                 "Starting module 'org.alfresco.integrations.google.docs' version 3.1.0."),
    ],
    "modules-5.0": [
        alfresco(.1, "repo.module.ModuleServiceImpl", "Found 1 module(s)."),
        alfresco(.05, "repo.module.ModuleServiceImpl",
                 "Starting module 'org.alfresco.integrations.google.docs' version 3.0.1."),
    ],
    "subsystems": [
        *subsystem("fileServers", "default"), *subsystem("imap", "default"), *subsystem("email", "outbound"),
        *subsystem("Subscriptions", "default"),
        *subsystem("Synchronization", "default", inside=subsystem("sysAdmin", "default")),
    ],
    "started": [
        alfresco(.1, "service.descriptor.DescriptorService",
                 "Alfresco JVM - v1.8.0_212-b04; maximum heap size 3641.000MB"),
        alfresco(0, "service.descriptor.DescriptorService",
                 "Alfresco license: Mode ENTERPRISE, NO CLUSTER granted to Example (does not expire)."),
        alfresco(0, "service.descriptor.DescriptorService", "Server Mode :TEST"),
        alfresco(0, "service.descriptor.DescriptorService",
                 "{name} started (Enterprise). Current version: {version} schema {schema:,}. "
                 "Originally installed version: {first_version} schema {first_schema:,}."),
    ],
    "web-tier": [
        *subsystem("ActivitiesFeed", "default"), *subsystem("Replication", "default"),
        alfresco(.4, "extensions.webscripts.DeclarativeRegistry", "Registered 487 Web Scripts (+0 failed), 702 URLs"),
        alfresco(.05, "extensions.webscripts.AbstractRuntimeContainer",
                 "Initialised Repository Web Script Container (in 812.4471ms)"),
        do("context", "up"),
        deployed(.1, REPOSITORY),
    ],
    "cluster-first": [*cluster(NODES[:1]), alfresco(
        1, "cluster.core.MembershipChangeLogger", f"Member joined: {NODES[1]}")],
    "cluster-second": cluster(NODES),
    "web-tier-failed": [
        alfresco(.4, "extensions.webscripts.DeclarativeRegistry", "Registered 487 Web Scripts (+0 failed), 702 URLs"),
        tomcat(.3, CONTEXT, "One or more Filters failed to start. Full details will be found in the appropriate "
               "container log file", "SEVERE"),
    ],
    "listener-failed": [
        tomcat(.1, CONTEXT, "One or more listeners failed to start. Full details will be found in the appropriate "
               "container log file", "SEVERE"),
    ],
    "context-failed": [
        tomcat(.05, CONTEXT, "Context [/alfresco] startup failed due to previous errors", "SEVERE"),
        do("context", "failed"),
        alfresco(.1, "factory.support.DisposableBeanAdapter", "Invocation of destroy method 'close' failed on bean "
                 "with name 'repoSqlSessionTemplate': java.lang.UnsupportedOperationException: Manual close is not "
                 "allowed over a Spring managed SqlSession", "WARN"),
        *sum(FINAL_SUBSYSTEMS, []),
        tomcat(.1, "org.apache.catalina.loader.WebappClassLoaderBase.clearReferencesThreads",
               "The web application [alfresco] appears to have started a thread named [DefaultScheduler_Worker-1] "
               "but has failed to stop it. This is very likely to create a memory leak.", "WARNING"),
        deployed(.05, REPOSITORY),
    ],
    "share": [
        deploying(.05, SHARE),
        alfresco(.2, "config.packaging.ModulePackageManager", "Found 0 module package(s)"),
        alfresco(.2, "extensions.webscripts.DeclarativeRegistry", "Registered 365 Web Scripts (+0 failed), 371 URLs"),
        alfresco(.1, "extensions.webscripts.AbstractRuntimeContainer",
                 "Initialised Surf Container Web Script Container (in 401.1182ms)"),
        deployed(.05, SHARE),
    ],
    "up": [
        do("accept"),
        tomcat(.05, "org.apache.coyote.AbstractProtocol.start",
               'Starting ProtocolHandler ["http-nio-127.0.0.1-{port}"]', thread="main"),
        tomcat(.02, "org.apache.catalina.startup.Catalina.start", "Server startup in {elapsed} ms", thread="main"),
    ],
    "out-of-memory": [
        do("context", "broken", wait=4),  # the index has caught up by then: nothing but `settle` is left to wait for
        tomcat(0, "org.apache.catalina.core.StandardWrapperValve.invoke",
               "Servlet.service() for servlet [apiServlet] in context with path [/alfresco] threw exception "
               "[Servlet execution threw an exception] with root cause", "SEVERE",
               "http-nio-127.0.0.1-{port}-exec-4", trace(
                   ("java.lang.OutOfMemoryError: GC overhead limit exceeded",
                    "org.alfresco.repo.cache.DefaultSimpleCache.put(DefaultSimpleCache.java:184)"), path=(
                        "org.apache.catalina.core.StandardWrapperValve.invoke(StandardWrapperValve.java:198)",
                        "java.lang.Thread.run(Thread.java:748)"))),
    ],
    "stop": [
        tomcat(0, "org.apache.coyote.AbstractProtocol.pause",
               'Pausing ProtocolHandler ["http-nio-127.0.0.1-{port}"]', thread="Thread-9"),
        tomcat(0, "org.apache.catalina.core.StandardService.stopInternal", "Stopping service [Catalina]",
               thread="Thread-9"),
        *sum(FINAL_SUBSYSTEMS, []),
        tomcat(0, "org.apache.coyote.AbstractProtocol.destroy",
               'Destroying ProtocolHandler ["http-nio-127.0.0.1-{port}"]', thread="Thread-9"),
    ],
}

V50 = Product("5.0.1", "r100823-b68", 8022, "Alfresco", False)
V52 = Product("5.2.7", "r0-b0", 10127, "Alfresco Content Services", True)  # build and schema are invented

FAILED = "listener-failed context-failed share up"
TO_SCHEMA = "boot database database-5.2 schema-begins"
TO_PATCHES = f"{TO_SCHEMA} schema descriptor checks content patches-begin"
TO_STARTED = f"{TO_PATCHES} patches modules subsystems started"
UPGRADED = f"{TO_STARTED} web-tier share up"
UNCHANGED = ("boot database schema-begins schema-unchanged descriptor checks content-5.0 patches-begin no-patches "
             "modules-5.0 subsystems started web-tier share up")

SECOND_NODE = "boot database database-5.2 schema-begins"

YESTERDAY = Scenario("GO", "the old version's last start and stop, a day ago", UNCHANGED, V50)
SCENARIOS = {
    "upgrade": Scenario("GO", "5.0.1 becomes 5.2.7, and the search index catches up", UPGRADED, V52),
    "first-node": Scenario("GO", "the same on the first node of a cluster, which a second one joins then",
                           f"{TO_STARTED} cluster-first web-tier share up", V52),
    "second-node": Scenario("GO", "a node that waits until the first one has changed the schema, and changes nothing",
                            f"{SECOND_NODE} schema-busy schema-unchanged descriptor checks content patches-begin "
                            "no-patches modules-unchanged subsystems started cluster-second web-tier share up", V52),
    "second-node-gave-up": Scenario("NO-GO", "a node that has tried 24 times while the first one changed the schema",
                                    f"{SECOND_NODE} schema-never-free {FAILED}", V52),
    "records": Scenario("GO", "the same with Records Management, whose data patches come after those of the repository",
                        f"{TO_PATCHES} patches modules records subsystems started web-tier share up", V52,
                        has_records=True),
    "records-patch-failed": Scenario("ROLLBACK", "a data patch of Records Management fails",
                                     f"{TO_PATCHES} patches modules records-failed {FAILED}", V52),
    "database-unreachable": Scenario(
        "NO-GO", "no connection to the database, so nothing was changed",
        f"boot database-unreachable {FAILED}", V52, database="away"),
    "context-failed": Scenario(
        "NO-GO", "an old extension breaks the start; Tomcat says 'Server startup in' all the same",
        f"boot database database-5.2 old-extension {FAILED}", V52),
    "wrong-version": Scenario("NO-GO", "the old 5.0.1 came up instead of 5.2.7, and changed nothing", UNCHANGED, V50),
    "script-failed": Scenario(
        "ROLLBACK", "a schema script fails after another one was executed",
        f"{TO_SCHEMA} schema-script-failed {FAILED}", V52),
    "schema-locked": Scenario(
        "ROLLBACK", "an earlier failure left its schema lock behind",
        f"{TO_SCHEMA} schema-locked {FAILED}", V52, database="locked"),
    "content-missing": Scenario(
        "ROLLBACK", "the content store does not belong to the database that was just changed",
        f"{TO_SCHEMA} schema descriptor checks content content-missing {FAILED}", V52),
    "patch-failed": Scenario(
        "ROLLBACK", "a patch fails after the schema scripts, the disk is full",
        f"{TO_PATCHES} patch-failed {FAILED}", V52),
    "unsupported-path": Scenario(
        "ROLLBACK", "from 3.4 straight to 5.2.7: a retired patch refuses, after the schema scripts",
        f"{TO_PATCHES} patch-retired {FAILED}", V52, database="3.4"),
    "killed": Scenario("ROLLBACK", "the process is killed in the middle of a patch",
                       f"{TO_PATCHES} patches-cut killed", V52),
    "filter-failed": Scenario(
        "ROLLBACK", "'started' is logged, then a web filter fails and every URL is 404",
        f"{TO_STARTED} web-tier-failed context-failed share up", V52),
    "settle-failed": Scenario("ROLLBACK", "started and answering, then out of memory before it has settled",
                              f"{UPGRADED} out-of-memory", V52),
    "patch-stalled": Scenario("UNDECIDED", "a patch stops making progress", f"{TO_PATCHES} patches-cut", V52),
    "index-stalled": Scenario("UNDECIDED", "all is up, but the search index stops short of the last transaction",
                              UPGRADED, V52, index_stops_at=.62),
}
