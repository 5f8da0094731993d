"""The lines that the transcript tests type at Apache's zkCli and at ours.

Each script finds a server with nothing but /zookeeper and leaves it so. A line that begins with
NEWEST is for shells that know what 3.8.0 does not: base64 and hexdump, persistent watches to
remove.
"""

NEWEST = "3.9| "

SCRIPTS = {
    "read": r"""
ls
ls /
ls -z /
ls --z /
ls --s /
ls -s
ls -s /zookeeper
ls /zookeeper -s
ls -w /zookeeper
ls -R /zookeeper
ls -sR /zookeeper
ls -R /nope
ls -R -s /zookeeper/quota
ls -R -w /zookeeper/config
ls nopath
ls /nope
ls -?
ls -? /
ls -? -s /nope
ls /zookeeper/
ls //
ls /a//b
ls /a/./b
ls /a/..
ls ""
ls ''
ls -- /zookeeper
ls -- -s /zookeeper
ls / watch
ls / watch more
ls -s / watch
ls -S /
ls - /
ls /zookeeper /zookeeper
3.9| get
3.9| get -s
get /nope
get nopath
get /zookeeper/
get /zookeeper/quota
get -s /zookeeper/quota
3.9| get -b /zookeeper/quota
3.9| get -x /zookeeper/quota
3.9| get -bx /zookeeper/quota
3.9| get -bs /zookeeper/quota
get -? /
get -z /
get / watch
get -w /nope
stat
stat /nope
stat nopath
stat /zookeeper
stat -w /zookeeper
stat -s /zookeeper
stat /zookeeper watch
stat -w /nope
config
config -c
config -s
config -w
config -cs
config -z
config x
config -c -s -w
sync
sync /zookeeper
sync /nope
sync nopath
sync -z /
sync / /
getAllChildrenNumber
getAllChildrenNumber /
getAllChildrenNumber /zookeeper
getAllChildrenNumber /zookeeper/config
getAllChildrenNumber /nope
getAllChildrenNumber nopath
getAllChildrenNumber -z /
getEphemerals
getEphemerals /
getEphemerals /zookeeper
getEphemerals /nope
getEphemerals nopath
getEphemerals -z
getEphemerals / /
whoami
whoami x
whoami -z
version x
version -z
reconfig
reconfig -s
reconfig x
reconfig -add
reconfig -remove
reconfig -add server.2=localhost:1:2;3 -members x
reconfig -add server.2=localhost:1:2;3 -file x
reconfig -file x -members x
reconfig -file /no/such/file
reconfig -members x -remove 3
reconfig -v zz -add x
reconfig -v 100000000 -add server.2=localhost:1:2;3
reconfig -v 0x10 -add x
reconfig -v -1 -remove 2
reconfig -add server.2=localhost:1:2;3
reconfig -members server.1=localhost:1:2;3
reconfig -z
""",
    "write": r"""
create
create -s
create -e
create /t
create /t
create /t x
create t
create t/
create ""
create /t/
create /t//u
create /t/./u
create /t/../u
create /t/a hello
create /t/nul1 ''
create "/t/b c" 'hello  world'
create '/t/"q"' "it's"
create /t/unicode-ä-日本 'grüße 日本語'
create -s /t/s-
create -s /t/s-
create -s /t/
create -e /t/e data
create /t/e/x y
create -s -e /t/es-
create -se /t/es-
create -es /t/es-
create -c /t/c
create -c /t/c/child
create -c -s /t/q
create -c -e /t/q
create -t x /t/ttl
create -t 0 /t/ttl
create -t -5 /t/ttl
create -t 1099511627776 /t/ttl
create -t 1099511627775 /t/ttl
create -t 9223372036854775808 /t/ttl
create -t
create -t 10
create -e -t 10 /t/q
create -c -t 10 /t/q
create -s -t 10 /t/q
create -z /t/q
create --s /t/long-
create --e=x /t/q
create -- -x
create /t/x/y z
create /t/badacl d foo
create /t/badacl d foo:bar
create /t/badacl d foo:bar:cdrwz
create /t/badacl d world:anyone:z
create /t/badacl d auth::cdrwa
create /t/badacl d ip:999.1.1.1:r
create /t/badacl d digest:nocolon:r
create /t/badacl d x509:CN=a:r
create /t/badacl d ,
create /t/badacl d world:anyone:r,,world:anyone:w
create /t/emptyacl d ''
create /t/acl d world:anyone:r,ip:127.0.0.1:cdrwa
create /t/acl2 d world:anyone:cdrwa extra words here
create /t/data-with-dash -5
create /t/data-x -x
ls /t
ls -s /t
ls -R /t
get /t
get /t/a
get -s /t/a
get /t/nul1
3.9| get -b /t/nul1
3.9| get -x /t/nul1
get '/t/b c'
3.9| get "/t/b c" -b
3.9| get -b /t/unicode-ä-日本
3.9| get -x /t/unicode-ä-日本
get /t/unicode-ä-日本
get /t/es-0000000004
3.9| set
3.9| set /t/a
set /t/a x -v
set /t/a x -v 5
set /t/a x -v 0
set -v 1 /t/a x
set -s /t/a y
set -s -v 99 /t/a y
set /t/a 'a"b'
get /t/a
set /t/a a'b c'
get /t/a
set /t/a ''
get /t/a
set /t/a ""
set -v -1 /t/a 6
set /t/a -5
set /t/a - 
get /t/a
3.9| set -b /t/a aGVsbG8=
get /t/a
3.9| set -b /t/a aGVsbG8
3.9| set -b /t/a aGVs bG8=
3.9| set -b /t/a ''
get /t/a
3.9| set -b -s /t/a AAEC/w==
3.9| get -b /t/a
3.9| get -x /t/a
set -z /t/a x
set /nope x
set nopath x
set /t/a x extra
set /t/a/ x
set /t/e e2
delete
delete -v 9 /t/a
delete -v
delete -z /t/a
delete nopath
delete /
delete /t
delete /t/
delete /nope
delete /zookeeper
delete /zookeeper/config
delete /t/s-0000000004 1
delete /t/s-0000000004 extra more
delete -v 0 /t/s-0000000005
delete -v -1 /t/es-0000000004
stat /t
getEphemerals /t
getEphemerals
getAllChildrenNumber /t
delete /t/badacl
deleteall
deleteall -b
deleteall /nope
deleteall nopath
deleteall / -b x
deleteall /t -b x
deleteall /t -b 99999999999
deleteall -z /t
deleteall /t/
deleteall -b 3 /t
ls /
create /t
create /t/a
create /t/a/b
deleteall -b 0 /t
create /t
create /t/a
deleteall -b -7 /t
create /t
create /t/a
deleteall /t x
delete /t
ls /
""",
    "acl": r"""
create /t
create /t/a x
create /t/b y
getAcl
getAcl /nope
getAcl nopath
getAcl /t/a
getAcl -s /t/a
getAcl /t/a -s
getAcl -z /t/a
getAcl /t/a extra
getAcl / 
getAcl /zookeeper/config
getAcl /zookeeper/quota
setAcl
setAcl /t/a
setAcl /nope world:anyone:r
setAcl nopath world:anyone:r
setAcl /t/a foo
setAcl /t/a foo:bar
setAcl /t/a ''
setAcl /t/a ,
setAcl /t/a nobody:x:r
setAcl /t/a world:anyone:xyz
setAcl /t/a world:anyone:cdrwa
setAcl /t/a world:anyone:CDRWA
setAcl /t/a world:anyone:cdrwa
setAcl -s /t/a world:anyone:rwa
setAcl -v 77 /t/a world:anyone:cdrwa
setAcl -v
setAcl -z /t/a world:anyone:cdrwa
setAcl /t/a world:anyone:cdrwa extra
setAcl /t/a ip:127.0.0.1:cdrwa
getAcl /t/a
setAcl /t/a ip:127.0.0.1/8:cdrwa,world:anyone:r
getAcl /t/a
setAcl /t/a ip:127.0.0.1/99:cdrwa
setAcl /t/a ip:::1:r
setAcl /t/a auth::crdwa
addauth
addauth digest u:p
addauth digest u2:p2 extra
addauth -z digest u:p
whoami
setAcl /t/a auth::crdwa
getAcl /t/a
setAcl /t/a auth:ignored:r
setAcl /t/a digest:u:mEHfNuvKIZpUzwCgHxYkCSQPUJY=:cdrwa
getAcl /t/a
setAcl -R /t world:anyone:cdrwa
getAcl /t/a
getAcl /t/b
setAcl -R -s /t world:anyone:cdrwa
setAcl -R /nope world:anyone:cdrwa
setAcl -R nopath world:anyone:cdrwa
setAcl -R -v 0 /t/b world:anyone:cdrwa
create /t/mine x auth::ra
setAcl /t/mine world:anyone:r
set /t/mine y
delete /t/mine
create /t/mine x digest:other:xxxx=:cdrwa
get /t/mine
set /t/mine y
getAcl /t/mine
setAcl /t/mine world:anyone:r
stat /t/mine
ls /t/mine
setAcl -R /t world:anyone:cdrwa
delete /t/mine
delete /t/a
delete /t/b
deleteall /t
""",
    "quota": r"""
create /t
create /t/a 12345
create /t/b 12345
setquota
setquota -n
setquota -n 3
setquota /t
setquota -n x /t
setquota -n 0 /t
setquota -n -1 /t
setquota -N 0 /t
setquota -b -1 /t
setquota -B -1 /t
setquota -B x /t
setquota -z 3 /t
setquota -n 3 -b 4 /t
setquota -n 3 -n 4 /t
setquota -n 3 /nope
setquota -n 3 nopath
setquota -n 3 /
setquota -n 3 /t/
setquota -n 3 /t//a
setquota -n 3 /zookeeper/quota/t
setquota -n 3 /zookeeper/quota
setquota -n 3 /zookeeper/quotaX
setquota -n 3 /zookeeper
setquota -n 2 /t
get /zookeeper/quota/t/zookeeper_limits
get /zookeeper/quota/t/zookeeper_stats
ls -R /zookeeper/quota
setquota -b 5 /t
setquota -N 1 /t
setquota -B 1 /t
listquota
listquota /t
listquota /t extra
listquota -z /t
listquota nopath
listquota /nope
setquota -n 100 /t
setquota -b 0 /t
setquota -B 0 /t
delquota
delquota -z /t
delquota -N /t
delquota -N -B /t
listquota /t
delquota -n -b /t
delquota -n /nope
delquota /nope
delquota nopath
setquota -n 3 /t/a
setquota -n 4 /zookeeper
create /t/deep
create /t/deep/er
delquota /t
delquota /t
delquota -n /t
listquota /t
setquota -n 3 /t/deep/er
setquota -n 3 /t
setquota -n 3 /t/deep
listquota /
listquota t
listquota /t/deep/er
get /zookeeper/quota/t/deep/er/zookeeper_limits
delquota /t/deep/er
delquota /zookeeper
ls /zookeeper/quota
get /zookeeper/quota/t
setquota -N 5 /t
create /t/1
create /t/2
create /t/3
delquota -N /t
setquota -B 100 /t
set /t/a 0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789
delquota /t
deleteall /t
""",
    "watch": r"""
create /t
create /t/a x
get -w /t/a
set /t/a y
set /t/a z
ls -w /t
create /t/b
stat -w /t/b
delete /t/b
get -w /t/none
stat -w /t/none
create /t/none
addWatch /t
addWatch
addWatch -m
addWatch -m nonsense /t
addWatch -m persistent /t
addWatch -z /t
addWatch /t extra
set /t/a 1
create /t/c
delete /t/c
removewatches /t
removewatches /t
removewatches
removewatches /t/none -d
removewatches /t/none -z
removewatches /t/none -c -d
addWatch -m PERSISTENT /t
addWatch /t/a
create /t/d
set /t/a 2
3.9| removewatches /t -r
3.9| removewatches /t -p
3.9| removewatches /t/a -p
removewatches /t/a -a
get -w /t/a
ls -w /t/a
removewatches /t/a -c
removewatches /t/a -d
removewatches /t/a -l
get -w /t/a
removewatches /t/a -l
addWatch -m Persistent_Recursive /t
create /t/e
ls -R -w /t
create /t/e/f
delete /t/e/f
removewatches /t -a
printwatches
printwatches on
sync /t
sync /t
sync /t
sync /t
printwatches off
get -w /t/a
set /t/a 3
sync /t
sync /t
sync /t
sync /t
printwatches
printwatches nonsense
printwatches
printwatches on extra
printwatches
config -w
ls -w /zookeeper
removewatches /zookeeper -c
removewatches /zookeeper/config -d
deleteall /t
""",
    "session": r"""
create /t
history
redo 0
redo
redo 1000
redo -1
redo 2
redo 0x0
redo 00
redo +0
history
history x
printwatches
ls '/t
get "/t c
ls /t'
ls "/t"
ls '/t'  
  ls /t
ls	/t
	ls /t
"ls" /t
'ls' '/t'
close
ls /
close
version
history
printwatches
config
addauth digest a:b
connect
ls /
close x
connect
ls /
close -z
connect
deleteall /t
quit
ls /
""",
    "more": r"""
create /t
create /t/a 1
delete -v 5 /t/a 3
delete /t/a -v
delete -v 0 -v 5 /t/a
create /t/a 1
delete /t/a x y z
get -s /t watch
get /t -s watch
get /t -s watch more
get -s /t watch more
stat /t -w x
stat -w /t x
ls /t -R x
ls -R /t x
get -w /t x
3.9| set /t
3.9| set -s /t
3.9| set -v 0 /t
set -v 0 /t 5 6 7
set /t 5 6 7 -s
create -e -s -c /t/x
create /t/x 'a b' 'world:anyone:cdrwa'
create /t/y a b c
getAcl /t/x -s -s
setAcl /t/x world:anyone:cdrwa -s
setAcl /t/x -s
sync /t -w
getEphemerals -w
config -z -c
config -w -c /x
setquota -n 5 /t extra
setquota /t -n 5
setquota -n5 /t
setquota -n=6 /t
listquota /t
setquota -n 9223372036854775807 /t
setquota -n 9223372036854775808 /t
setquota -n +7 /t
setquota -n -b 5 /t
delquota /t extra
setquota -n 5 /t/x
delquota -n -n /t/x
delquota -n /t/x extra
listquota /t/x
delquota /t/x
3.9| get /t/x -sb
3.9| get -sx /t/x
3.9| get -sbx /t/x
get -w -s /t/x
set -sv 0 /t/x new
set -sv0 /t/x new
set /t/x new -v=1
ls -Rs /t
ls -wR /t
ls -Rz /t
ls -s -R -w /t extra
deleteall /t/x -b=5
create -t=5 /t/ttl
create -t5000 /t/ttl
create -st5000 /t/ttl
create -ts /t/ttl
stat /t/ttl
reconfig -add a -add b
reconfig -remove x
reconfig -remove 99
reconfig -add nonsense
reconfig -add server.x=1
reconfig -members nonsense
reconfig -v 1
reconfig -s -v 1 -remove 5
removewatches /t -cl
removewatches /t/none -l
removewatches /t -c -d -l
removewatches /t -x
removewatches /t extra
sync /t
sync /t
sync /t
sync /t
printwatches -z
history -z
ls /
deleteall /t
""",
    "refused": """
addauth nonsense x
ls /
ls /
close
""",
}


def lines_of(name, newest=True):
    """The lines of a script; without those for the newest shells unless `newest`."""
    lines = [line for line in SCRIPTS[name].strip("\n").split("\n") if line]
    if newest:
        return [line.removeprefix(NEWEST) for line in lines]
    return [line for line in lines if not line.startswith(NEWEST)]
