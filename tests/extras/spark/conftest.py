"""The one Spark session that these tests share; its start takes ten seconds and more."""

import os

import pytest

from tools import servers


@pytest.fixture(scope="session")
def spark(tmp_path_factory):
    """A session of Spark on this machine alone."""
    try:
        servers.java()
    except servers.Unavailable as missing:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(str(missing))
    from pyspark.sql import SparkSession

    session = (
        SparkSession.builder.master("local[2]")
        .config("spark.driver.memory", "1g")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.ui.enabled", "false")
        .config("spark.log.level", "ERROR")
        .config("spark.sql.shuffle.partitions", "2")
        # To compile takes longer here than to run: both Spark's compiling of a query and Java's.
        .config("spark.sql.codegen.wholeStage", "false")
        .config("spark.sql.adaptive.enabled", "false")
        .config("spark.driver.extraJavaOptions", "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC")
        .config("spark.sql.warehouse.dir", str(tmp_path_factory.mktemp("warehouse")))
        .getOrCreate()
    )
    yield session
    session.stop()
