"""Every address of the desk. The organisation's code leads; a test asks every one of them in every role."""

from __future__ import annotations

from django.urls import include, path, register_converter

from canbang.desk.views import (
    agreement,
    alarm,
    area,
    audit,
    balance,
    channel,
    codebook,
    draw,
    home,
    intake,
    item,
    log,
    manage,
    sheet,
)
from canbang.desk.views.months import MonthConverter

register_converter(MonthConverter, "month")

handler400 = "canbang.desk.views.errors.bad_request"
handler403 = "canbang.desk.views.errors.forbidden"
handler404 = "canbang.desk.views.errors.not_found"
handler429 = "canbang.desk.views.errors.too_many"  # allauth asks for it
handler500 = "canbang.desk.views.errors.failed"

organisation = [
    path("", home.home, name="home"),
    path("can-bang/", balance.balance, name="balance"),
    path("can-bang/<month:month>/", balance.month, name="balance_month"),
    path("kho-tin/", item.items, name="items"),
    path("kho-tin/xuat.csv", item.export, name="items_export"),
    path("kho-tin/<int:pk>/", item.item, name="item"),
    path("kho-tin/<int:pk>/sua-nhan/", item.correct, name="item_correct"),
    path("nap-du-lieu/", intake.intakes, name="intake"),
    path("nap-du-lieu/tep/", intake.upload, name="intake_upload"),
    path("nap-du-lieu/tep/<uuid:key>/", intake.preview, name="intake_preview"),
    path("nap-du-lieu/dan/", intake.paste, name="intake_paste"),
    path("nap-du-lieu/<int:pk>/", intake.intake, name="intake_one"),
    path("nap-du-lieu/<int:pk>/dong-loi.csv", intake.rejects, name="intake_rejects"),
    path("kenh/", channel.channels, name="channels"),
    path("kenh/them/", channel.add, name="channel_add"),
    path("kenh/<int:pk>/", channel.channel, name="channel"),
    path("kenh/<int:pk>/ghi-danh/", channel.enrol, name="channel_enrol"),
    path("kenh/<int:pk>/kiem-tra/", channel.prove, name="channel_prove"),
    path("kenh/<int:pk>/thu-thap/", channel.collect, name="channel_collect"),
    path("kenh/<int:pk>/dung/", channel.withdraw, name="channel_withdraw"),
    path("rut-mau/", draw.draws, name="draw"),
    path("rut-mau/<month:month>/mo/", draw.open_month, name="draw_open"),
    path("rut-mau/<month:month>/rut/", draw.draw, name="draw_make"),
    path("rut-mau/<month:month>/draw.json", draw.download, name="draw_file"),
    path("rut-mau/<month:month>/draw.log", draw.log, name="draw_log"),
    path("rut-mau/<month:month>/phieu.xlsx", draw.sheet, name="draw_sheet"),
    path("cham-mau/", audit.card, name="audit"),
    path("cham-mau/<int:pk>/luu/", audit.save, name="audit_save"),
    path("cham-mau/hoan-tac/", audit.undo, name="audit_undo"),
    path("do-thong-nhat/", agreement.agreement, name="agreement"),
    path("phan-xu/", agreement.disputed, name="adjudication"),
    path("phan-xu/<int:pk>/", agreement.adjudicate, name="adjudicate"),
    path("bo-tieu-chi/", codebook.codebook, name="codebook"),
    path("bao-cao/", sheet.sheets, name="sheets"),
    path("bao-cao/<month:month>/", sheet.sheet, name="sheet"),
    path("bao-cao/<month:month>/ky/", sheet.sign, name="sheet_sign"),
    path("bao-cao/<month:month>/phieu.json", sheet.as_json, name="sheet_json"),
    path("bao-cao/<month:month>/phieu.xlsx", sheet.as_xlsx, name="sheet_xlsx"),
    path("bao-cao/<month:month>/phieu.html", sheet.as_html, name="sheet_html"),
    path("canh-bao/", alarm.alarms, name="alarms"),
    path("canh-bao/<int:pk>/tat/", alarm.mute, name="alarm_mute"),
    path("toan-tinh/", area.area, name="area"),
    path("toan-tinh/<month:month>/", area.month, name="area_month"),
    path("quan-tri/", manage.manage, name="manage"),
    path("quan-tri/thanh-vien/", manage.members, name="members"),
    path("quan-tri/thanh-vien/<int:pk>/", manage.member, name="member"),
    path("quan-tri/thiet-lap/", manage.settings, name="organisation_settings"),
    path("nhat-ky/", log.log, name="log"),
    path("nhat-ky/kiem-tra/", log.verify, name="log_verify"),
    path("nhat-ky/moc.json", log.anchor, name="log_anchor"),
]

urlpatterns = [
    path("", home.front, name="front"),
    path("song/", home.alive, name="alive"),
    path("tai-khoan/", include("canbang.desk.account_urls")),
    path("<slug:org>/", include(organisation)),
]
