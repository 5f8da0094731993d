"""The wire client against byte strings captured from Apache: no server, so no way to agree with it
by accident."""

from support import rawclient
from support.rawclient import Acl, OpCode, OpResult, Stat


def framed(*arguments):
    return rawclient.frame(rawclient.encode_request(*arguments)).hex()


def test_connect_request():
    expected = (
        "0000002d 00000000 0000000000000000 00002710 0000000000000000"
        " 00000010 00000000000000000000000000000000 00"
    ).replace(" ", "")
    assert rawclient.frame(rawclient.encode_connect()).hex() == expected
    assert len(rawclient.encode_connect(read_only=None)) == 44


def test_connect_response():
    payload = bytes.fromhex(
        "00000000 00002710 01000023f2bd0032 00000010 24f33f8cf2287fac8804679c5e6a8745 00"
    )
    response = rawclient.decode_connect(payload)
    assert response.timeout == 10000
    assert response.session_id == 0x01000023F2BD0032
    assert response.password.hex() == "24f33f8cf2287fac8804679c5e6a8745"
    assert response.read_only is False
    assert rawclient.decode_connect(payload[:-1]).read_only is None


def test_requests():
    assert framed(-2, OpCode.PING) == "00000008fffffffe0000000b"
    assert framed(1, OpCode.EXISTS, "/g", True) == "0000000f0000000100000003000000022f6701"
    assert framed(2, OpCode.CREATE, "/g", b"hi", [Acl(31, "world", "anyone")], 0) == (
        "00000033 00000002 00000001 00000002 2f67 00000002 6869 00000001 0000001f"
        " 00000005 776f726c64 00000006 616e796f6e65 00000000"
    ).replace(" ", "")
    assert framed(-4, OpCode.AUTH, "digest", b"u:p") == (
        "0000001dfffffffc000000640000000000000006646967657374" "00000003753a70"
    )
    assert framed(5, OpCode.MULTI, [(OpCode.CHECK, "/g", 9), (OpCode.DELETE, "/g", -1)]) == (
        "00000037 00000005 0000000e 0000000d 00 ffffffff 00000002 2f67 00000009"
        " 00000002 00 ffffffff 00000002 2f67 ffffffff ffffffff 01 ffffffff"
    ).replace(" ", "")
    assert framed(7, OpCode.CLOSE_SESSION) == "0000000800000007fffffff5"


def test_null_is_not_empty():
    assert rawclient.ustring(None) == b"\xff\xff\xff\xff"
    assert rawclient.ustring("") == bytes(4)
    assert rawclient.strings(None) == b"\xff\xff\xff\xff"


def test_event():
    payload = bytes.fromhex("ffffffff00000000000008ec000000000000000100000003000000022f67")
    assert rawclient.decode_event(payload) == rawclient.Event(0x8EC, 1, 3, "/g")


def test_get_data_reply():
    payload = bytes.fromhex(
        "00000002 00000000000008ec 00000000 00000002 6869"
        " 00000000000008ec 00000000000008ec 000001a1fda8bbd9 000001a1fda8bbd9 00000000 00000000"
        " 00000000 0000000000000000 00000002 00000000 00000000000008ec"
    )
    reply = rawclient.decode_reply(OpCode.GET_DATA, payload)
    time = 0x1A1FDA8BBD9
    assert reply.body == (b"hi", Stat(0x8EC, 0x8EC, time, time, 0, 0, 0, 0, 2, 0, 0x8EC))
    damaged = rawclient.decode_reply(OpCode.GET_DATA, payload[:-1])
    assert damaged.body == ("undecodable", payload[16:-1])
    longer = rawclient.decode_reply(OpCode.GET_DATA, payload + b"!")
    assert longer.body == ("excess", reply.body, b"!")


def test_multi_replies():
    failed = bytes.fromhex(
        "00000005 00000000000008ed 00000000 ffffffff 00 ffffff99 ffffff99"
        " ffffffff 00 fffffffe fffffffe ffffffff 01 ffffffff"
    )
    assert rawclient.decode_reply(OpCode.MULTI, failed).body == [
        OpResult(-1, -103, -103),
        OpResult(-1, -2, -2),
    ]
    done = bytes.fromhex(
        "00000006 00000000000008ee 00000000 0000000d 00 00000000 00000002 00 00000000 ffffffff 01"
        " ffffffff"
    )
    assert rawclient.decode_reply(OpCode.MULTI, done).body == [
        OpResult(OpCode.CHECK, 0, None),
        OpResult(OpCode.DELETE, 0, None),
    ]


def test_error_reply_has_no_body():
    payload = bytes.fromhex("00000001 00000000000008eb ffffff9b")
    assert rawclient.decode_reply(OpCode.EXISTS, payload) == (1, 0x8EB, -101, None, OpCode.EXISTS)
