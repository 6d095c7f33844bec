"""Addresses under ``tai-khoan/``: those of allauth that make sense here, by name, and no other.

Left out: changing one's address (only an administrator does), codes by mail or phone, connecting a second login oneself.
"""

from __future__ import annotations

from allauth.account import views as account
from allauth.mfa.base import views as mfa
from allauth.mfa.recovery_codes import views as recovery
from allauth.mfa.totp import views as totp
from allauth.mfa.webauthn import views as webauthn
from allauth.socialaccount import views as social
from allauth.socialaccount.providers.openid_connect import views as oidc
from allauth.usersessions import views as usersessions
from django.urls import path, re_path

from canbang.desk.views import account as own

urlpatterns = [
    path("vao-lan-dau/<str:token>/", own.first_login, name="first_login"),
    path("dang-nhap/", account.login, name="account_login"),
    path("dang-xuat/", account.logout, name="account_logout"),
    path("da-khoa/", account.account_inactive, name="account_inactive"),
    path("dang-ky/", account.signup, name="account_signup"),
    path("xac-nhan/", account.reauthenticate, name="account_reauthenticate"),
    path("mat-khau/doi/", account.password_change, name="account_change_password"),
    path("mat-khau/dat/", account.password_set, name="account_set_password"),
    path("mat-khau/quen/", own.forgotten_password, name="account_reset_password"),
    path("mat-khau/quen/da-gui/", account.password_reset_done, name="account_reset_password_done"),
    path("mat-khau/quen/xong/", account.password_reset_from_key_done, name="account_reset_password_from_key_done"),
    re_path(
        r"^mat-khau/quen/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        account.password_reset_from_key,
        name="account_reset_password_from_key",
    ),
    path("hai-lop/", mfa.index, name="mfa_index"),
    path("hai-lop/nhap-ma/", mfa.authenticate, name="mfa_authenticate"),
    path("hai-lop/xac-nhan/", mfa.reauthenticate, name="mfa_reauthenticate"),
    path("hai-lop/ung-dung/bat/", totp.activate_totp, name="mfa_activate_totp"),
    path("hai-lop/ung-dung/tat/", totp.deactivate_totp, name="mfa_deactivate_totp"),
    path("hai-lop/ma-du-phong/", recovery.view_recovery_codes, name="mfa_view_recovery_codes"),
    path("hai-lop/ma-du-phong/tao/", recovery.generate_recovery_codes, name="mfa_generate_recovery_codes"),
    path("hai-lop/ma-du-phong/tai-ve.txt", recovery.download_recovery_codes, name="mfa_download_recovery_codes"),
    path("hai-lop/khoa/", webauthn.list_webauthn, name="mfa_list_webauthn"),
    path("hai-lop/khoa/them/", webauthn.add_webauthn, name="mfa_add_webauthn"),
    path("hai-lop/khoa/dang-nhap/", webauthn.login_webauthn, name="mfa_login_webauthn"),
    path("hai-lop/khoa/xac-nhan/", webauthn.reauthenticate_webauthn, name="mfa_reauthenticate_webauthn"),
    path("hai-lop/khoa/<int:pk>/sua/", webauthn.edit_webauthn, name="mfa_edit_webauthn"),
    path("hai-lop/khoa/<int:pk>/go/", webauthn.remove_webauthn, name="mfa_remove_webauthn"),
    path("phien/", usersessions.list_usersessions, name="usersessions_list"),
    path("du-lieu/", own.own_data, name="own_data"),
    path("du-lieu/tai-ve.json", own.own_data_file, name="own_data_file"),
    path("du-lieu/xoa/", own.erase, name="erase"),
    path("co-quan/da-huy/", social.login_cancelled, name="socialaccount_login_cancelled"),
    path("co-quan/<slug:provider_id>/", oidc.login, name="openid_connect_login"),
    path("co-quan/<slug:provider_id>/ve/", oidc.callback, name="openid_connect_callback"),
]
